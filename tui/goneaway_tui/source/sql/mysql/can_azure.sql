-- Azure offers these to accounts that may not KILL.
SELECT 1 FROM information_schema.ROUTINES
WHERE ROUTINE_SCHEMA = 'mysql' AND ROUTINE_NAME IN ('az_kill', 'az_kill_query') HAVING COUNT(*) = 2
