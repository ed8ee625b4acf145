-- The hosts from which sessions read the binary log. Without PROCESS only our own account.
SELECT LEFT(HOST, CHAR_LENGTH(HOST) - LOCATE(':', REVERSE(HOST))) AS host, NULL AS uuid
FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump'
