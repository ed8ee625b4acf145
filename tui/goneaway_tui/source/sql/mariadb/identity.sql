-- Which server this is (server_uid since 10.5.26, 10.6.19 and 10.11.9), and the path that shows Amazon RDS.
SELECT LOWER(VARIABLE_NAME), VARIABLE_VALUE FROM information_schema.global_variables
WHERE VARIABLE_NAME IN ('SERVER_UID', 'BASEDIR')
