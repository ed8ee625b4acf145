-- The replicas that are connected, by what each reports of itself; since 8.0.22. Needs REPLICATION SLAVE.
SHOW REPLICAS
