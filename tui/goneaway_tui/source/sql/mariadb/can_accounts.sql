SELECT 1 FROM performance_schema.accounts LIMIT 1
