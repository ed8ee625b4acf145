-- ProxySQL: its clients, not the connections it keeps to servers. time_ms is of the running command or of the idle wait.
SELECT NULL, SessionID, user, cli_host || ':' || cli_port, db, command, time_ms / 1000, NULL, substr(info, 1, %s), NULL, 0
FROM stats_mysql_processlist
