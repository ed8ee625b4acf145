-- MySQL 8.0 and later report where a value came from, and its bounds.
SELECT 1 FROM performance_schema.variables_info LIMIT 1
