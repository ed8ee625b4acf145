-- Of the status counters everyone may read all but Com_kill, which is in no table: the statement events have it.
SELECT LOWER(VARIABLE_NAME), VARIABLE_VALUE FROM performance_schema.global_status
WHERE VARIABLE_NAME IN (
    'Uptime', 'Aborted_clients', 'Aborted_connects', 'Threads_connected', 'Threads_running', 'Connections',
    'Max_used_connections', 'Connection_errors_max_connections', 'Performance_schema_thread_instances_lost')
UNION ALL
SELECT 'com_kill', COUNT_STAR FROM performance_schema.events_statements_summary_global_by_event_name
WHERE EVENT_NAME = 'statement/sql/kill'
