-- TiDB: values only; its table of variables shows our own session's.
SELECT 'wait_timeout' AS name, @@GLOBAL.wait_timeout AS value, NULL, NULL, NULL
UNION ALL SELECT 'interactive_timeout', @@GLOBAL.interactive_timeout, NULL, NULL, NULL
UNION ALL SELECT 'max_connections', @@GLOBAL.max_connections, NULL, NULL, NULL
UNION ALL SELECT 'max_allowed_packet', @@GLOBAL.max_allowed_packet, NULL, NULL, NULL
UNION ALL SELECT 'max_execution_time', @@GLOBAL.max_execution_time, NULL, NULL, NULL
