-- No statement timer may be read: only the server's wall clock is left.
SELECT NULL, UNIX_TIMESTAMP(NOW(6))
