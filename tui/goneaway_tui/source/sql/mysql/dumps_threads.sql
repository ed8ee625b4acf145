-- The hosts from which sessions read the binary log, and the uuid that a replica sets as a variable of its session (before 8.0.26 the old name).
SELECT t.PROCESSLIST_HOST AS host, MAX(v.VARIABLE_VALUE) AS uuid
FROM performance_schema.threads t LEFT JOIN performance_schema.user_variables_by_thread v
  ON v.THREAD_ID = t.THREAD_ID AND v.VARIABLE_NAME IN ('replica_uuid', 'slave_uuid')
WHERE t.PROCESSLIST_COMMAND IN ('Binlog Dump', 'Binlog Dump GTID')
GROUP BY t.THREAD_ID, t.PROCESSLIST_HOST
