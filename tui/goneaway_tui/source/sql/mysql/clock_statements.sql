-- The statement timer now (picoseconds since the server started): TIMER_END of a running statement is the present.
-- A statement that has ended is an old one: its recording was switched off, and no statement shows the timer now.
SELECT TIMER_END, UNIX_TIMESTAMP(NOW(6)) FROM performance_schema.events_statements_current
WHERE THREAD_ID = %s AND END_EVENT_ID IS NULL ORDER BY TIMER_END DESC LIMIT 1
