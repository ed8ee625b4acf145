-- own_limits.sql, packed.
SELECT COUNT(*), JSON_ARRAYAGG(JSON_ARRAY(THREAD_ID, VARIABLE_NAME, VARIABLE_VALUE))
FROM performance_schema.variables_by_thread
WHERE THREAD_ID IN %s AND VARIABLE_NAME IN ('wait_timeout', 'timestamp')
