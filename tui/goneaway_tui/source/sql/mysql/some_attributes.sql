-- attributes.sql, of a few sessions: found by their key, where attributes.sql goes through all of them.
SELECT PROCESSLIST_ID, ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs
WHERE PROCESSLIST_ID IN %s ORDER BY PROCESSLIST_ID, ORDINAL_POSITION
