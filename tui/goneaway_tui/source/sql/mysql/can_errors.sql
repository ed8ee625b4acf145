-- MySQL 8.0 and later.
SELECT 1 FROM performance_schema.events_errors_summary_by_account_by_error LIMIT 1
