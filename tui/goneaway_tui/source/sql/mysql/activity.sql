-- Of every session in one value: its id, and the second in which its last command began, which stays the same while the session
-- is idle. A session brings 22 bytes instead of a row.
SELECT UNIX_TIMESTAMP(), COUNT(*),
       JSON_ARRAYAGG((PROCESSLIST_ID << 32) | ((UNIX_TIMESTAMP() - COALESCE(PROCESSLIST_TIME, 0)) & 4294967295))
FROM performance_schema.threads WHERE PROCESSLIST_ID IS NOT NULL
