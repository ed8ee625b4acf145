-- What clients said of themselves at login; it never changes, so it is asked once for sessions that are new.
SELECT PROCESSLIST_ID, ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs
WHERE PROCESSLIST_ID >= %s ORDER BY PROCESSLIST_ID, ORDINAL_POSITION
