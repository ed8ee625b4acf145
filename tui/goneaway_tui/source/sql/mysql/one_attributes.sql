-- attributes.sql, of one session.
SELECT PROCESSLIST_ID, ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs
WHERE PROCESSLIST_ID = %s ORDER BY ORDINAL_POSITION
