-- hosts.sql, of one session.
SELECT ID, HOST FROM performance_schema.processlist WHERE ID = %s
