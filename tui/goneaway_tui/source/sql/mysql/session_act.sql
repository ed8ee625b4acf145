-- Before a change. Not session.sql: on MySQL a SET SESSION by any account marks the variable in variables_info as set at
-- run time, by that account, which would hide where wait_timeout and max_execution_time really came from.
SET SESSION time_zone = 'SYSTEM', SESSION sql_mode = ''
