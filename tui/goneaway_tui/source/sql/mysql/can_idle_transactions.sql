-- Servers derived from MySQL have limits of their own for a transaction that is idle: limits_idle_transactions.sql.
SELECT 1 FROM performance_schema.global_variables
WHERE VARIABLE_NAME IN (
    'kill_idle_transaction', 'innodb_kill_idle_transaction', 'cdb_kill_idle_trans_timeout', 'kill_idle_transaction_timeout',
    'idle_transaction_timeout', 'idle_write_transaction_timeout', 'idle_readonly_transaction_timeout') LIMIT 1
