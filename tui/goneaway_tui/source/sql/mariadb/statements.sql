-- The last statement of the given sessions, where its consumer is on. A transaction is what encloses a
-- statement of the client's, and before 10.5 nothing is; NESTING_EVENT_LEVEL is not there before 10.5.
SELECT t.PROCESSLIST_ID, LEFT(e.SQL_TEXT, %s)
FROM performance_schema.threads t
JOIN performance_schema.events_statements_current e ON e.THREAD_ID = t.THREAD_ID
  AND (e.NESTING_EVENT_ID IS NULL OR e.NESTING_EVENT_TYPE = 'TRANSACTION')
WHERE t.PROCESSLIST_ID >= %s
