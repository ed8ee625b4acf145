-- The server builds all variables of a session to answer for one (some 40 microseconds each): ask only for the sessions
-- that are new or ran something. `timestamp` is when the last command began, to the microsecond: the one exact clock of
-- a session that has logged in and run nothing.
SELECT THREAD_ID, VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.variables_by_thread
WHERE THREAD_ID IN %s AND VARIABLE_NAME IN ('wait_timeout', 'timestamp')
