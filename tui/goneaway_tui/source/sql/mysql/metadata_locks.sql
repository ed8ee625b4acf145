-- Every lock on what some session waits for. Locks that are granted and that no other session waits for are left out: there is one for each open table.
SELECT owner.PROCESSLIST_ID, locks.OBJECT_TYPE, locks.OBJECT_SCHEMA, locks.OBJECT_NAME, locks.LOCK_TYPE, locks.LOCK_STATUS = 'GRANTED'
FROM (SELECT DISTINCT OBJECT_TYPE, OBJECT_SCHEMA, OBJECT_NAME FROM performance_schema.metadata_locks WHERE LOCK_STATUS = 'PENDING' LIMIT 100) AS wanted
JOIN performance_schema.metadata_locks AS locks ON locks.OBJECT_TYPE = wanted.OBJECT_TYPE
     AND locks.OBJECT_SCHEMA <=> wanted.OBJECT_SCHEMA AND locks.OBJECT_NAME <=> wanted.OBJECT_NAME
JOIN performance_schema.threads AS owner ON owner.THREAD_ID = locks.OWNER_THREAD_ID
WHERE locks.LOCK_STATUS IN ('GRANTED', 'PENDING') AND owner.PROCESSLIST_ID IS NOT NULL
LIMIT 2000
