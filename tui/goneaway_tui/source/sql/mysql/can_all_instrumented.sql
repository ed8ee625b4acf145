-- Single sessions can be left out of instrumentation, by setup_actors or by hand.
SELECT 1 FROM (
    SELECT COUNT(*) AS unseen FROM performance_schema.threads
    WHERE TYPE = 'FOREGROUND' AND PROCESSLIST_ID IS NOT NULL AND PROCESSLIST_TIME IS NOT NULL AND INSTRUMENTED = 'NO'
) AS asked
WHERE unseen = 0
