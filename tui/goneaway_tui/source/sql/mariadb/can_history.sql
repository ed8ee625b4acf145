-- Whether the last statements of each session are kept after they ended. Off by default on MariaDB.
SELECT 1 FROM performance_schema.setup_consumers WHERE NAME = 'events_statements_history' AND ENABLED = 'YES'
