-- MySQL 5.7: values only.
SELECT VARIABLE_NAME, VARIABLE_VALUE, NULL, NULL, NULL FROM performance_schema.global_variables
WHERE VARIABLE_NAME IN (
    'wait_timeout', 'interactive_timeout', 'max_allowed_packet', 'net_read_timeout', 'net_write_timeout',
    'connect_timeout', 'max_connections', 'max_user_connections', 'max_connect_errors', 'max_execution_time',
    'lock_wait_timeout', 'innodb_lock_wait_timeout', 'log_error_verbosity', 'thread_cache_size')
