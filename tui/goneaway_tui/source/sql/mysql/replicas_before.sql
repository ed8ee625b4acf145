-- The replicas that are connected, by what each reports of itself; removed in 8.4. Needs REPLICATION SLAVE.
SHOW SLAVE HOSTS
