-- Off by default on MariaDB; where it is on, an idle session still shows its last statement.
SELECT 1 FROM performance_schema.setup_consumers
WHERE NAME IN ('global_instrumentation', 'thread_instrumentation', 'events_statements_current') AND ENABLED = 'YES'
HAVING COUNT(*) = 3
