-- MySQL 8.0.22 and later.
SELECT 1 FROM performance_schema.error_log LIMIT 1
