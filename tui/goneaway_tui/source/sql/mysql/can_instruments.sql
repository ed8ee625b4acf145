-- A kind of statement that is not recorded would leave the idle clock where it was. All are recorded by default.
SELECT 1 FROM (
    SELECT COUNT(*) AS unseen FROM performance_schema.setup_instruments
    WHERE (NAME LIKE 'statement/sql/%' OR NAME LIKE 'statement/com/%' OR NAME LIKE 'statement/abstract/%')
        AND (ENABLED = 'NO' OR TIMED = 'NO')) AS asked
WHERE unseen = 0
