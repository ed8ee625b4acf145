-- The same for an account that may not read performance_schema; since 8.0.22. Needs REPLICATION CLIENT.
SHOW REPLICA STATUS
