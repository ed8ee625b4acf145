-- Limits of a transaction that is idle: Percona Server's, of 5.5 and of 5.7 and later; Tencent's; PolarDB-X's;
-- Huawei's, named as MariaDB's.
SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_variables
WHERE VARIABLE_NAME IN (
    'kill_idle_transaction', 'innodb_kill_idle_transaction', 'cdb_kill_idle_trans_timeout', 'kill_idle_transaction_timeout',
    'idle_transaction_timeout', 'idle_write_transaction_timeout', 'idle_readonly_transaction_timeout')
