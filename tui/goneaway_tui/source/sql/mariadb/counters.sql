-- Readable by everyone.
SELECT LOWER(VARIABLE_NAME), VARIABLE_VALUE FROM information_schema.global_status
WHERE VARIABLE_NAME IN (
    'Uptime', 'Aborted_clients', 'Aborted_connects', 'Threads_connected', 'Threads_running', 'Connections',
    'Max_used_connections', 'Com_kill', 'Connection_errors_max_connections')
