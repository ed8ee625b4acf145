-- Readable by everyone, also with performance_schema=OFF.
SELECT LOWER(VARIABLE_NAME), VARIABLE_VALUE FROM performance_schema.global_status
WHERE VARIABLE_NAME IN (
    'Uptime', 'Aborted_clients', 'Aborted_connects', 'Threads_connected', 'Threads_running', 'Connections',
    'Max_used_connections', 'Connection_errors_max_connections', 'Performance_schema_thread_instances_lost')
