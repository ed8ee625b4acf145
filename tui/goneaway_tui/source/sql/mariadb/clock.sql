-- MariaDB tells idleness itself (TIME_MS); this measures how long the way to the server is.
SELECT NULL, UNIX_TIMESTAMP(NOW(6))
