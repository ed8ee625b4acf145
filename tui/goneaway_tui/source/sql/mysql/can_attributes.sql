-- Program and client of each session, as the client sent them.
SELECT 1 FROM performance_schema.session_connect_attrs LIMIT 1
