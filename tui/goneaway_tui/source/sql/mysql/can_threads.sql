-- SELECT on performance_schema.* shows every session, with or without PROCESS.
SELECT 1 FROM performance_schema.threads LIMIT 1
