-- ProxySQL: the same counts under names of its own.
SELECT 'uptime', Variable_Value FROM stats_mysql_global WHERE Variable_Name = 'ProxySQL_Uptime'
UNION ALL SELECT 'aborted_clients', Variable_Value FROM stats_mysql_global WHERE Variable_Name = 'Client_Connections_aborted'
UNION ALL SELECT 'threads_connected', Variable_Value FROM stats_mysql_global WHERE Variable_Name = 'Client_Connections_connected'
UNION ALL SELECT 'connections', Variable_Value FROM stats_mysql_global WHERE Variable_Name = 'Client_Connections_created'
