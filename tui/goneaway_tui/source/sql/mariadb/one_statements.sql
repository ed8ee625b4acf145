-- statements.sql, of one session.
SELECT t.PROCESSLIST_ID, LEFT(e.SQL_TEXT, %s)
FROM performance_schema.threads t
JOIN performance_schema.events_statements_current e ON e.THREAD_ID = t.THREAD_ID
  AND (e.NESTING_EVENT_ID IS NULL OR e.NESTING_EVENT_TYPE = 'TRANSACTION')
WHERE t.PROCESSLIST_ID = %s
