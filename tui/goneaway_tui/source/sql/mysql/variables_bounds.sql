-- MySQL 8.0 and later: value, bounds, and where the value came from.
SELECT g.VARIABLE_NAME, g.VARIABLE_VALUE, i.MIN_VALUE, i.MAX_VALUE, i.VARIABLE_SOURCE
FROM performance_schema.global_variables g LEFT JOIN performance_schema.variables_info i USING (VARIABLE_NAME)
WHERE g.VARIABLE_NAME IN %s
