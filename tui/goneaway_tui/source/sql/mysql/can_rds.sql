-- Amazon RDS and Aurora offer these to accounts that may not KILL.
SELECT 1 FROM information_schema.ROUTINES
WHERE ROUTINE_SCHEMA = 'mysql' AND ROUTINE_NAME IN ('rds_kill', 'rds_kill_query') HAVING COUNT(*) = 2
