-- The statement timer now (picoseconds since the server started): TIMER_END of a running statement is the present.
SELECT TIMER_END, UNIX_TIMESTAMP(NOW(6))
FROM performance_schema.events_statements_current WHERE THREAD_ID = %s ORDER BY TIMER_END DESC LIMIT 1
