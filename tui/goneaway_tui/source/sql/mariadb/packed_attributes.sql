-- attributes.sql, packed: by some hundred sessions, as group_concat_max_len allows.
SELECT COUNT(*), JSON_ARRAYAGG(JSON_ARRAY(PROCESSLIST_ID, ATTR_NAME, ATTR_VALUE))
FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID >= %s GROUP BY PROCESSLIST_ID DIV 500
