-- Whom this server copies, a row a connection. Needs SLAVE MONITOR, before 10.5.9 REPLICATION SLAVE ADMIN.
SHOW ALL SLAVES STATUS
