-- MySQL 8.0 and later: value, bounds, and where the value came from.
SELECT g.VARIABLE_NAME, g.VARIABLE_VALUE, i.MIN_VALUE, i.MAX_VALUE, i.VARIABLE_SOURCE
FROM performance_schema.global_variables g LEFT JOIN performance_schema.variables_info i USING (VARIABLE_NAME)
WHERE g.VARIABLE_NAME IN (
    'wait_timeout', 'interactive_timeout', 'max_allowed_packet', 'net_read_timeout', 'net_write_timeout',
    'connect_timeout', 'max_connections', 'max_user_connections', 'max_connect_errors', 'max_execution_time',
    'lock_wait_timeout', 'innodb_lock_wait_timeout', 'log_error_verbosity', 'thread_cache_size')
