-- MariaDB has the table from 10.5.2 on. An account may be let read some tables of performance_schema and not this one. WHERE FALSE: no lock is read.
SELECT 1 FROM (SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE FALSE) AS asked
