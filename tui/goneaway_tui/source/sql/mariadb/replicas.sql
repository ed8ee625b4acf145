-- The replicas that are connected, by what each reports of itself. Needs REPLICATION MASTER ADMIN, before 10.5.2 REPLICATION SLAVE.
SHOW SLAVE HOSTS
