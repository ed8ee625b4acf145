-- A node of a Galera cluster; a server that is none has no such status or says Disconnected.
SELECT 1 FROM information_schema.GLOBAL_STATUS
WHERE VARIABLE_NAME = 'WSREP_CLUSTER_STATUS' AND VARIABLE_VALUE <> 'Disconnected'
