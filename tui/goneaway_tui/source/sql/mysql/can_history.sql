-- Whether the last statements of each session are kept after they ended.
SELECT 1 FROM performance_schema.setup_consumers WHERE NAME = 'events_statements_history' AND ENABLED = 'YES'
