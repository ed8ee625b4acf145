-- Metadata locks are listed only where their instrument is on: by default on MySQL 8.0, not on MySQL 5.7 nor on MariaDB.
SELECT 1 FROM performance_schema.setup_instruments WHERE NAME = 'wait/lock/metadata/sql/mdl' AND ENABLED = 'YES'
