-- Our own thread id, whose running statement is the clock; PS_CURRENT_THREAD_ID() is not there before 8.0.16.
SELECT THREAD_ID FROM performance_schema.threads WHERE PROCESSLIST_ID = CONNECTION_ID()
