-- sessions_information_schema.sql, of one session.
SELECT NULL, ID, USER, HOST, DB, COMMAND, TIME, STATE, LEFT(INFO, %s), NULL, 0
FROM information_schema.processlist WHERE ID = %s
