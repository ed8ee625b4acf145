-- Every session, without a mutex. HOST has no port here (hosts.sql adds it). TIME counts from the start of the last
-- command in whole seconds of the server's wall clock, so UNIX_TIMESTAMP() - TIME is the second it began in.
SELECT THREAD_ID, PROCESSLIST_ID, PROCESSLIST_USER, PROCESSLIST_HOST, PROCESSLIST_DB, PROCESSLIST_COMMAND,
       PROCESSLIST_TIME, PROCESSLIST_STATE, LEFT(PROCESSLIST_INFO, %s), NAME, INSTRUMENTED = 'YES'
FROM performance_schema.threads WHERE PROCESSLIST_ID IS NOT NULL
