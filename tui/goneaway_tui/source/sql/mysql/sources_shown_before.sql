-- The same for an account that may not read performance_schema; removed in 8.4. Needs REPLICATION CLIENT.
SHOW SLAVE STATUS
