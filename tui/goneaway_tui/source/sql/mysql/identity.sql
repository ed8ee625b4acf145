-- Which server this is, whether it reads persisted values at a restart, and the path that shows Amazon RDS.
SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_variables
WHERE VARIABLE_NAME IN ('server_uuid', 'persisted_globals_load', 'basedir')
