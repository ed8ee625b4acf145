-- Transactions are events only where their instrument records them with a time; off by default on MySQL 5.7.
SELECT 1 FROM performance_schema.setup_instruments WHERE NAME = 'transaction' AND ENABLED = 'YES' AND TIMED = 'YES'
