-- The same for an account that may not read performance_schema; gone since 8.4. Needs REPLICATION CLIENT.
SHOW SLAVE STATUS
