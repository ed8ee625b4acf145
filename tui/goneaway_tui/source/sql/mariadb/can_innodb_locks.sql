-- It needs PROCESS. WHERE FALSE: no lock is read.
SELECT 1 FROM (SELECT COUNT(*) FROM information_schema.innodb_locks WHERE FALSE) AS asked
