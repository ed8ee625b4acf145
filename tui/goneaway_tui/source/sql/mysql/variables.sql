-- MySQL 5.7: values only.
SELECT VARIABLE_NAME, VARIABLE_VALUE, NULL, NULL, NULL FROM performance_schema.global_variables
WHERE VARIABLE_NAME IN %s
