-- sessions.sql, of one session.
SELECT ID, USER, HOST, DB, COMMAND, TIME_MS / 1000, STATE, LEFT(INFO_BINARY, %s), QUERY_ID
FROM information_schema.processlist WHERE ID = %s
