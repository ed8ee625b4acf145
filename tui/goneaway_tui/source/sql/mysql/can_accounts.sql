-- An account may be let read some tables of performance_schema and not this one.
SELECT 1 FROM performance_schema.accounts LIMIT 1
