-- Amazon Aurora MySQL has this variable, as its documentation tells; asked so that nobody else counts an error of ours.
SELECT 1 FROM performance_schema.global_variables WHERE VARIABLE_NAME = 'aurora_version'
