-- Without PROCESS the process list is cut to our own rows in silence, but this table refuses aloud (1227).
SELECT 1 FROM (SELECT COUNT(*) FROM information_schema.innodb_trx) AS asked
