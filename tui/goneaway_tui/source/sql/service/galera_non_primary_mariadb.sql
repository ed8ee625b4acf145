-- A Galera node that is not in the primary component refuses statements (1047).
SELECT 1 FROM information_schema.GLOBAL_STATUS
WHERE VARIABLE_NAME = 'WSREP_CLUSTER_STATUS' AND VARIABLE_VALUE NOT IN ('Primary', 'Disconnected')
