-- statements.sql, of one session.
SELECT e.THREAD_ID, e.TIMER_START, e.TIMER_END, e.EVENT_ID, e.END_EVENT_ID, e.EVENT_NAME, LEFT(e.SQL_TEXT, %s)
FROM performance_schema.events_statements_current e
JOIN performance_schema.threads t ON t.THREAD_ID = e.THREAD_ID
WHERE e.NESTING_EVENT_LEVEL = 0 AND (e.END_EVENT_ID IS NULL OR e.TIMER_END >= %s) AND t.PROCESSLIST_ID = %s
