-- hosts.sql, packed.
SELECT COUNT(*), JSON_ARRAYAGG(JSON_ARRAY(ID, HOST)) FROM performance_schema.processlist WHERE ID >= %s
