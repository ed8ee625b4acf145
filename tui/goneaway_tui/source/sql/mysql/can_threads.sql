-- SELECT on performance_schema.* shows every session, with or without PROCESS. An account may be let read some of its
-- tables only, so whatever is read once this says yes is named here; no row of them is read.
SELECT 1 FROM performance_schema.threads WHERE NOT EXISTS (
    SELECT 1 FROM performance_schema.variables_by_thread WHERE FALSE
    UNION ALL SELECT 1 FROM performance_schema.events_statements_current WHERE FALSE
    UNION ALL SELECT 1 FROM performance_schema.events_statements_history WHERE FALSE
    UNION ALL SELECT 1 FROM performance_schema.events_statements_summary_global_by_event_name WHERE FALSE
    UNION ALL SELECT 1 FROM performance_schema.events_statements_summary_by_account_by_event_name WHERE FALSE
    UNION ALL SELECT 1 FROM performance_schema.events_statements_summary_by_digest WHERE FALSE
    UNION ALL SELECT 1 FROM performance_schema.events_transactions_current WHERE FALSE
    UNION ALL SELECT 1 FROM performance_schema.host_cache WHERE FALSE
    UNION ALL SELECT 1 FROM performance_schema.setup_consumers WHERE FALSE
    UNION ALL SELECT 1 FROM performance_schema.setup_instruments WHERE FALSE
) LIMIT 1
