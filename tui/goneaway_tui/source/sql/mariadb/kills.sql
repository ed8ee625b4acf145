-- The KILL statements that sessions still open have run lately, whether they failed, and who ran them.
SELECT h.SQL_TEXT, h.ERRORS, t.PROCESSLIST_USER, t.PROCESSLIST_HOST, t.PROCESSLIST_ID, h.EVENT_ID
FROM performance_schema.events_statements_history h JOIN performance_schema.threads t USING (THREAD_ID)
WHERE h.EVENT_NAME = 'statement/sql/kill'
