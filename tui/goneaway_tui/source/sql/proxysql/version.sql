-- ProxySQL's own version, as its admin port tells it.
SELECT version()
