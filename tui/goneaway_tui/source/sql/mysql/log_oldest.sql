-- How long ago, in seconds below 0, the oldest entry was logged that is still there. MySQL fills this table again from
-- its log file when it starts, unless that file was moved away or it logs elsewhere.
SELECT UNIX_TIMESTAMP(MIN(LOGGED)) - UNIX_TIMESTAMP(NOW(6)) FROM performance_schema.error_log
