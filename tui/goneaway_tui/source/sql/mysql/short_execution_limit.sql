-- Whether a global max_execution_time of less than a second would stop our own statements.
SELECT 1 FROM (SELECT @@SESSION.max_execution_time AS ms) AS asked WHERE ms BETWEEN 1 AND 999
