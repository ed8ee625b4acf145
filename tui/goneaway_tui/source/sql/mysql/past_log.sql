-- The newest entries of the error log in the last so many seconds about why sessions, or the server, ended, newest first;
-- and about when the server started again, which separates an end during a shutdown from one before.
SELECT THREAD_ID, ERROR_CODE, DATA, UNIX_TIMESTAMP(LOGGED) - UNIX_TIMESTAMP(NOW(6))
FROM performance_schema.error_log
WHERE LOGGED >= NOW(6) - INTERVAL %s SECOND
  AND ERROR_CODE IN ('MY-015123', 'MY-010914', 'MY-010909', 'MY-013172', 'MY-010910', 'MY-010229', 'MY-012551', 'MY-012552', 'MY-010116', 'MY-010931')
ORDER BY LOGGED DESC LIMIT 2000
