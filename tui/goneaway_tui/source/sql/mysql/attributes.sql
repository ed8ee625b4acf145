-- The attributes that clients send at login. They never change, so they are read once for each new session.
SELECT PROCESSLIST_ID, ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs
WHERE PROCESSLIST_ID >= %s ORDER BY PROCESSLIST_ID, ORDINAL_POSITION
