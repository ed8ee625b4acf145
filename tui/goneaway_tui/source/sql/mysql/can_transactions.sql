-- Shows a transaction before it touches InnoDB (a bare BEGIN); on by default since MySQL 8.0.
SELECT 1 FROM performance_schema.setup_consumers
WHERE NAME IN ('global_instrumentation', 'thread_instrumentation', 'events_transactions_current') AND ENABLED = 'YES'
HAVING COUNT(*) = 3
