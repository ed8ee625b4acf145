-- INFO_BINARY: the statement as it was sent. TIME_MS is exact idleness: it counts from the end of the last command, in server time no client can set.
SELECT ID, USER, HOST, DB, COMMAND, TIME_MS / 1000, STATE, LEFT(INFO_BINARY, %s), QUERY_ID
FROM information_schema.processlist
