-- MySQL 8.0 and later; data_locks and data_lock_waits may be granted apart. WHERE FALSE: no lock is read.
SELECT 1 FROM (SELECT COUNT(*) FROM performance_schema.data_lock_waits, performance_schema.data_locks WHERE FALSE) AS asked
