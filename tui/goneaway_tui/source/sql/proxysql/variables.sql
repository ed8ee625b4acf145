-- ProxySQL: its limits are in milliseconds; it reports no bounds and no origins.
SELECT 'wait_timeout' AS name, variable_value / 1000.0 AS value, NULL, NULL, NULL
FROM runtime_global_variables WHERE variable_name = 'mysql-wait_timeout'
UNION ALL SELECT 'max_connections', variable_value, NULL, NULL, NULL
FROM runtime_global_variables WHERE variable_name = 'mysql-max_connections'
UNION ALL SELECT 'max_allowed_packet', variable_value, NULL, NULL, NULL
FROM runtime_global_variables WHERE variable_name = 'mysql-max_allowed_packet'
