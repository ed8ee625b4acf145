-- Whether the server is in offline mode, and for how many seconds it has been as it is.
SELECT @@GLOBAL.offline_mode, UNIX_TIMESTAMP(NOW(6)) - UNIX_TIMESTAMP(SET_TIME)
FROM performance_schema.variables_info WHERE VARIABLE_NAME = 'offline_mode'
