-- MySQL 5.7: the value only.
SELECT VARIABLE_NAME, VARIABLE_VALUE, NULL, NULL, NULL, NULL, IF(VARIABLE_NAME = 'max_allowed_packet', 1024, NULL),
       NULL, NULL, NULL, NULL, NULL
FROM performance_schema.global_variables WHERE VARIABLE_NAME = %s
