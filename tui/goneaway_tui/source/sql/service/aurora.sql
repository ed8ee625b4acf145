-- Amazon Aurora MySQL has this variable, as its documentation says; asked in a way that raises no error on other servers.
SELECT 1 FROM performance_schema.global_variables WHERE VARIABLE_NAME = 'aurora_version'
