-- MariaDB 10.5 and later report the option file that a value came from.
SELECT GLOBAL_VALUE_PATH FROM information_schema.system_variables WHERE VARIABLE_NAME = 'WAIT_TIMEOUT'
