-- For an account that may not SELECT on performance_schema.*: no thread ids, so no own limits and no exact clock.
SELECT NULL, ID, USER, HOST, DB, COMMAND, TIME, STATE, LEFT(INFO, %s), NULL, 0
FROM performance_schema.processlist
