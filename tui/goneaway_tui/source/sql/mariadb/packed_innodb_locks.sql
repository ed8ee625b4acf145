-- innodb_locks.sql, packed: by some hundred locks, as group_concat_max_len allows.
SELECT COUNT(*), JSON_ARRAYAGG(JSON_ARRAY(LOCK_ID, CAST(LOCK_TRX_ID AS CHAR), LOCK_MODE, LOCK_TABLE, LOCK_INDEX))
FROM (SELECT LOCK_ID, LOCK_TRX_ID, LOCK_MODE, LOCK_TABLE, LOCK_INDEX FROM information_schema.innodb_locks LIMIT 5000) AS locks
GROUP BY CAST(LOCK_TRX_ID AS UNSIGNED) DIV 500
