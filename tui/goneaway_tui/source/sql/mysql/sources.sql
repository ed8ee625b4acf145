-- The sources from which this server replicates, one row for each channel; those of group replication have no host. It waits for no STOP REPLICA, as SHOW does.
SELECT c.HOST AS host, c.PORT AS port, s.SOURCE_UUID AS uuid, NULL AS server_id
FROM performance_schema.replication_connection_configuration c
JOIN performance_schema.replication_connection_status s USING (CHANNEL_NAME)
WHERE c.HOST NOT IN ('', '<NULL>')
