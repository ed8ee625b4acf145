-- sessions_processlist.sql, of one session.
SELECT NULL, ID, USER, HOST, DB, COMMAND, TIME, STATE, LEFT(INFO, %s), NULL, 0
FROM performance_schema.processlist WHERE ID = %s
