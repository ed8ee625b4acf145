-- A node of a Galera cluster (Percona XtraDB Cluster); a server that is none has no such status or says Disconnected.
SELECT 1 FROM performance_schema.global_status
WHERE VARIABLE_NAME = 'wsrep_cluster_status' AND VARIABLE_VALUE <> 'Disconnected'
