-- MariaDB reports default and block size too; the account that changed a value, and when, is not kept. Nothing is ever persisted.
SELECT LOWER(VARIABLE_NAME), GLOBAL_VALUE, NUMERIC_MIN_VALUE, NUMERIC_MAX_VALUE, GLOBAL_VALUE_ORIGIN,
       DEFAULT_VALUE, NUMERIC_BLOCK_SIZE, GLOBAL_VALUE_PATH, NULL, NULL, NULL, NULL
FROM information_schema.system_variables WHERE VARIABLE_NAME = %s
