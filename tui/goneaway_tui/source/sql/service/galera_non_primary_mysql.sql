-- A Galera node that is not in the primary component refuses statements (1047).
SELECT 1 FROM performance_schema.global_status
WHERE VARIABLE_NAME = 'wsrep_cluster_status' AND VARIABLE_VALUE NOT IN ('Primary', 'Disconnected')
