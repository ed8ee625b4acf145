-- How long ago (negative) each global idle limit was last set by a statement, of those that were.
SELECT VARIABLE_NAME, UNIX_TIMESTAMP(SET_TIME) - UNIX_TIMESTAMP(NOW(6)) FROM performance_schema.variables_info
WHERE VARIABLE_NAME IN ('wait_timeout', 'interactive_timeout') AND VARIABLE_SOURCE = 'DYNAMIC' AND SET_TIME IS NOT NULL
