-- The timer is read off our own running statement, so our own thread must be instrumented (setup_actors decides).
SELECT 1 FROM performance_schema.threads WHERE PROCESSLIST_ID = CONNECTION_ID() AND INSTRUMENTED = 'YES'
