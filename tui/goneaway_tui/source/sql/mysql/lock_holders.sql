-- What stands before one waiting lock, and what the waiting lock is; by the index of data_lock_waits, for its pairs are many.
-- A lock that is itself waiting is ahead in the queue: the caller knows which wait, from innodb_trx.
SELECT asked.lock_id, waits.BLOCKING_ENGINE_LOCK_ID, holder.PROCESSLIST_ID,
       CONCAT_WS('.', wanted.OBJECT_SCHEMA, wanted.OBJECT_NAME), wanted.INDEX_NAME, wanted.LOCK_MODE
FROM JSON_TABLE(%s, '$[*]' COLUMNS (lock_id VARCHAR(128) PATH '$')) AS asked
STRAIGHT_JOIN performance_schema.data_lock_waits AS waits ON waits.REQUESTING_ENGINE_LOCK_ID = asked.lock_id AND waits.ENGINE = 'INNODB'
STRAIGHT_JOIN performance_schema.threads AS holder ON holder.THREAD_ID = waits.BLOCKING_THREAD_ID
LEFT JOIN performance_schema.data_locks AS wanted ON wanted.ENGINE_LOCK_ID = asked.lock_id AND wanted.ENGINE = 'INNODB'
LIMIT 2000
