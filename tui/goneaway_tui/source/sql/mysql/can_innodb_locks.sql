-- MySQL 5.7; 8.0 has data_locks in its place. WHERE FALSE: no lock is read.
SELECT 1 FROM (SELECT COUNT(*) FROM information_schema.innodb_locks WHERE FALSE) AS asked
