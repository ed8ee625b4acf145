-- The KILL statements that sessions still open have run lately, and who ran them; without their text those that failed.
SELECT IF(h.ERRORS = 0, h.SQL_TEXT, ''), t.PROCESSLIST_USER, t.PROCESSLIST_HOST, t.PROCESSLIST_ID, h.EVENT_ID
FROM performance_schema.events_statements_history h JOIN performance_schema.threads t USING (THREAD_ID)
WHERE h.EVENT_NAME = 'statement/sql/kill'
