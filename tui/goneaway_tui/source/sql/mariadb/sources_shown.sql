-- The sources from which this server replicates, one row for each connection. Needs SLAVE MONITOR, before 10.5.9 REPLICATION SLAVE ADMIN.
SHOW ALL SLAVES STATUS
