-- MariaDB reports idle time itself (TIME_MS); this measures the round trip to the server.
SELECT NULL, UNIX_TIMESTAMP(NOW(6))
