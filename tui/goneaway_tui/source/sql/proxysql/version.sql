-- ProxySQL's own version, as its admin port reports it.
SELECT version()
