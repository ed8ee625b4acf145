-- The nodes of the cluster in the order of their index, and which of them this is.
SELECT
  MAX(IF(VARIABLE_NAME = 'wsrep_incoming_addresses', VARIABLE_VALUE, NULL)) AS addresses,
  MAX(IF(VARIABLE_NAME = 'wsrep_local_index', VARIABLE_VALUE, NULL)) AS place,
  MAX(IF(VARIABLE_NAME = 'wsrep_cluster_size', VARIABLE_VALUE, NULL)) AS size
FROM performance_schema.global_status
WHERE VARIABLE_NAME IN ('wsrep_incoming_addresses', 'wsrep_local_index', 'wsrep_cluster_size')
