-- As on MySQL, and the family that replaces wait_timeout inside a transaction.
SELECT 'wait_timeout' AS name, @@GLOBAL.wait_timeout AS value
UNION ALL SELECT 'interactive_timeout', @@GLOBAL.interactive_timeout
UNION ALL SELECT 'connect_timeout', @@GLOBAL.connect_timeout
UNION ALL SELECT 'max_connections', @@GLOBAL.max_connections
UNION ALL SELECT 'max_allowed_packet', @@GLOBAL.max_allowed_packet
UNION ALL SELECT 'idle_transaction_timeout', @@GLOBAL.idle_transaction_timeout
UNION ALL SELECT 'idle_write_transaction_timeout', @@GLOBAL.idle_write_transaction_timeout
UNION ALL SELECT 'idle_readonly_transaction_timeout', @@GLOBAL.idle_readonly_transaction_timeout
