-- MySQL 8.0 and later. It reports a default only where the value is still the compiled one, and no block
-- sizes: of what we change, only max_allowed_packet is reduced to a multiple of one.
SELECT g.VARIABLE_NAME, g.VARIABLE_VALUE, i.MIN_VALUE, i.MAX_VALUE, i.VARIABLE_SOURCE,
       IF(i.VARIABLE_SOURCE = 'COMPILED', g.VARIABLE_VALUE, NULL), IF(g.VARIABLE_NAME = 'max_allowed_packet', 1024, NULL),
       i.VARIABLE_PATH, i.SET_USER, i.SET_HOST, UNIX_TIMESTAMP(i.SET_TIME), p.VARIABLE_VALUE
FROM performance_schema.global_variables g
LEFT JOIN performance_schema.variables_info i USING (VARIABLE_NAME)
LEFT JOIN performance_schema.persisted_variables p USING (VARIABLE_NAME)
WHERE g.VARIABLE_NAME = %s
