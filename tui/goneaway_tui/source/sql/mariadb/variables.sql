-- Value, bounds, and where the value came from.
SELECT LOWER(VARIABLE_NAME), GLOBAL_VALUE, NUMERIC_MIN_VALUE, NUMERIC_MAX_VALUE, GLOBAL_VALUE_ORIGIN
FROM information_schema.system_variables
WHERE VARIABLE_NAME IN (
    'wait_timeout', 'interactive_timeout', 'max_allowed_packet', 'net_read_timeout', 'net_write_timeout',
    'connect_timeout', 'max_connections', 'max_user_connections', 'max_connect_errors', 'max_statement_time',
    'lock_wait_timeout', 'innodb_lock_wait_timeout', 'log_warnings', 'thread_cache_size',
    'idle_transaction_timeout', 'idle_write_transaction_timeout', 'idle_readonly_transaction_timeout')
