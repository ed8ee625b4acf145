-- Transactions the client opened, also those that have not touched InnoDB yet (a bare BEGIN).
SELECT THREAD_ID, TIMER_START, ACCESS_MODE = 'READ ONLY'
FROM performance_schema.events_transactions_current WHERE STATE = 'ACTIVE' AND AUTOCOMMIT = 'NO'
