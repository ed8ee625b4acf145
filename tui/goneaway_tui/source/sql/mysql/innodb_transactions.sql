-- TRX_STARTED is in the system's time zone, whatever ours is.
-- What each open InnoDB transaction holds, and which lock it waits for since when. Id 0 belongs to prepared XA transactions, which no closing rolls back.
SELECT TRX_MYSQL_THREAD_ID, TIMESTAMPDIFF(MICROSECOND, TRX_STARTED, CONVERT_TZ(NOW(6), @@SESSION.time_zone, 'SYSTEM')) / 1000000,
       TRX_ROWS_MODIFIED, TRX_ROWS_LOCKED, TRX_IS_READ_ONLY, CAST(TRX_ID AS CHAR), TRX_REQUESTED_LOCK_ID,
       TIMESTAMPDIFF(MICROSECOND, TRX_WAIT_STARTED, CONVERT_TZ(NOW(6), @@SESSION.time_zone, 'SYSTEM')) / 1000000
FROM information_schema.innodb_trx WHERE TRX_MYSQL_THREAD_ID <> 0
