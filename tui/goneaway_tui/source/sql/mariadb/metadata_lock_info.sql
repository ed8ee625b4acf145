-- The plugin lists locks that are granted, and not what a session waits for. A session that waits for a metadata lock and holds
-- an upgradable one waits for a stronger one on the same table: ALTER TABLE does. Its mode is not listed.
WITH wanted AS (
    SELECT held.THREAD_ID, held.TABLE_SCHEMA, held.TABLE_NAME
    FROM information_schema.metadata_lock_info AS held JOIN information_schema.processlist AS waiting ON waiting.ID = held.THREAD_ID
    WHERE held.LOCK_MODE = 'MDL_SHARED_UPGRADABLE' AND waiting.STATE = 'Waiting for table metadata lock' LIMIT 100)
SELECT THREAD_ID, 'TABLE', TABLE_SCHEMA, TABLE_NAME, NULL, 0 FROM wanted
UNION ALL
SELECT held.THREAD_ID, 'TABLE', held.TABLE_SCHEMA, held.TABLE_NAME, SUBSTR(held.LOCK_MODE, 5), 1
FROM information_schema.metadata_lock_info AS held
WHERE held.LOCK_TYPE = 'Table metadata lock' AND (held.TABLE_SCHEMA, held.TABLE_NAME) IN (SELECT TABLE_SCHEMA, TABLE_NAME FROM wanted)
LIMIT 2000
