-- TRX_STARTED is in the system's time zone, whatever ours is.
-- What each open InnoDB transaction holds. Id 0 belongs to prepared XA transactions, which no closing rolls back.
SELECT TRX_MYSQL_THREAD_ID, TIMESTAMPDIFF(MICROSECOND, TRX_STARTED, CONVERT_TZ(NOW(6), @@SESSION.time_zone, 'SYSTEM')) / 1000000,
       TRX_ROWS_MODIFIED, TRX_ROWS_LOCKED, TRX_IS_READ_ONLY
FROM information_schema.innodb_trx WHERE TRX_MYSQL_THREAD_ID <> 0
