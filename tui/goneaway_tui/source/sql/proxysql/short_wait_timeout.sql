-- ProxySQL: the admin port closes no idle session of its own.
SELECT 1 WHERE %s < 0
