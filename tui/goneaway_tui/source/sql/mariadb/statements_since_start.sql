-- The statements that one session has run since InnoDB opened its transaction, as far as they are kept: by default its last ten.
-- InnoDB reports that instant in whole seconds. TIMER_END of a running statement, here ours, is the present.
SELECT (own.timer - h.TIMER_START) / 1e12, LEFT(h.SQL_TEXT, %s)
FROM (SELECT MAX(c.TIMER_END) AS timer FROM performance_schema.threads o
      JOIN performance_schema.events_statements_current c ON c.THREAD_ID = o.THREAD_ID WHERE o.PROCESSLIST_ID = CONNECTION_ID()) AS own
JOIN information_schema.innodb_trx x
JOIN performance_schema.threads t ON t.PROCESSLIST_ID = x.trx_mysql_thread_id
JOIN performance_schema.events_statements_history h ON h.THREAD_ID = t.THREAD_ID
WHERE x.trx_mysql_thread_id = %s AND h.SQL_TEXT IS NOT NULL
  AND h.TIMER_START BETWEEN own.timer - (TIMESTAMPDIFF(SECOND, x.trx_started, NOW()) + 1) * 1e12 AND own.timer
ORDER BY h.EVENT_ID LIMIT 100
