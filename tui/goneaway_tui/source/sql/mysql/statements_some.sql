-- statements.sql, of some threads.
SELECT THREAD_ID, TIMER_START, TIMER_END, EVENT_ID, END_EVENT_ID, EVENT_NAME, LEFT(SQL_TEXT, %s)
FROM performance_schema.events_statements_current
WHERE NESTING_EVENT_LEVEL = 0 AND THREAD_ID IN %s
