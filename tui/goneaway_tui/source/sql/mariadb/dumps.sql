-- Who reads the binary log, and from where. Without PROCESS only our own account.
SELECT LEFT(HOST, CHAR_LENGTH(HOST) - LOCATE(':', REVERSE(HOST))) AS host, NULL AS uuid
FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump'
