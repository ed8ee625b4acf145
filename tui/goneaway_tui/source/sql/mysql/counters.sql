-- Readable by everyone, also with performance_schema=OFF. No table has Com_kill, which counts every KILL: also those in procedures and events.
SHOW GLOBAL STATUS WHERE Variable_name IN (
    'Uptime', 'Aborted_clients', 'Aborted_connects', 'Threads_connected', 'Threads_running', 'Connections',
    'Max_used_connections', 'Com_kill', 'Connection_errors_max_connections', 'Performance_schema_thread_instances_lost')
