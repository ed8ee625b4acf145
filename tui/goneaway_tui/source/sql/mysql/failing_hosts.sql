-- Client hosts whose connections failed, with how many failed in a row: at max_connect_errors a host is blocked.
SELECT IP, SUM_CONNECT_ERRORS, COUNT_HOST_BLOCKED_ERRORS FROM performance_schema.host_cache
WHERE SUM_CONNECT_ERRORS > 0 OR COUNT_HOST_BLOCKED_ERRORS > 0
ORDER BY SUM_CONNECT_ERRORS DESC LIMIT 100
