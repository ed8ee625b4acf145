-- The exact idle clock needs these three consumers; all are on by default.
SELECT 1 FROM performance_schema.setup_consumers
WHERE NAME IN ('global_instrumentation', 'thread_instrumentation', 'events_statements_current') AND ENABLED = 'YES'
HAVING COUNT(*) = 3
