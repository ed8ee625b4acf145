-- Value, bounds, and where the value came from.
SELECT LOWER(VARIABLE_NAME), GLOBAL_VALUE, NUMERIC_MIN_VALUE, NUMERIC_MAX_VALUE, GLOBAL_VALUE_ORIGIN
FROM information_schema.system_variables
WHERE VARIABLE_NAME IN %s
