-- attributes.sql, packed. The server fills it thread by thread, in the order they were sent.
SELECT COUNT(*), JSON_ARRAYAGG(JSON_ARRAY(PROCESSLIST_ID, ATTR_NAME, ATTR_VALUE))
FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID >= %s
