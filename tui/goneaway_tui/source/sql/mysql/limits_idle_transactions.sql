-- limits.sql, and the limits that servers derived from MySQL have for a transaction that is idle: Percona Server's, of 5.5 and of
-- 5.7 and later; Tencent's; PolarDB-X's; Huawei's, named as MariaDB's.
SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_variables
WHERE VARIABLE_NAME IN (
    'wait_timeout', 'interactive_timeout', 'connect_timeout', 'max_connections', 'max_allowed_packet',
    'kill_idle_transaction', 'innodb_kill_idle_transaction', 'cdb_kill_idle_trans_timeout', 'kill_idle_transaction_timeout',
    'idle_transaction_timeout', 'idle_write_transaction_timeout', 'idle_readonly_transaction_timeout')
