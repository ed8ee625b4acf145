-- TiDB: the sessions of every node of the cluster. Times are whole seconds.
SELECT NULL, ID, USER, HOST, DB, COMMAND, TIME, STATE, LEFT(INFO, %s), NULL, 0
FROM information_schema.cluster_processlist
