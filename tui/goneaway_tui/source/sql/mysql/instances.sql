-- The other instances of the cluster that reported in the last five minutes, by their names: no address is listed.
SELECT SERVER_ID AS name
FROM information_schema.replica_host_status
WHERE SERVER_ID <> @@aurora_server_id
  AND (SESSION_ID = 'MASTER_SESSION_ID' OR LAST_UPDATE_TIMESTAMP > NOW() - INTERVAL 5 MINUTE)
