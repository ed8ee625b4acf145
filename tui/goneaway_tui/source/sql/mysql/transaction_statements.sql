-- The statements of one session's open transaction, as far as they are kept: by default its last ten; the one that opened it too.
-- TIMER_END of a running statement, here ours, is the present.
SELECT IF(h.TIMER_START <= own.timer, (own.timer - h.TIMER_START) / 1e12, NULL), LEFT(h.SQL_TEXT, %s)
FROM (SELECT MAX(c.TIMER_END) AS timer FROM performance_schema.threads o
      JOIN performance_schema.events_statements_current c ON c.THREAD_ID = o.THREAD_ID WHERE o.PROCESSLIST_ID = CONNECTION_ID()) AS own
JOIN performance_schema.threads t
JOIN performance_schema.events_transactions_current x ON x.THREAD_ID = t.THREAD_ID AND x.STATE = 'ACTIVE'
JOIN performance_schema.events_statements_history h ON h.THREAD_ID = t.THREAD_ID
  AND (h.NESTING_EVENT_TYPE = 'TRANSACTION' AND h.NESTING_EVENT_ID = x.EVENT_ID OR h.EVENT_ID = x.NESTING_EVENT_ID)
WHERE t.PROCESSLIST_ID = %s AND h.SQL_TEXT IS NOT NULL
ORDER BY h.EVENT_ID LIMIT 100
