-- Without PROCESS the process list has only our own rows, without an error; this table raises error 1227.
SELECT 1 FROM (SELECT COUNT(*) FROM information_schema.innodb_trx) AS asked
