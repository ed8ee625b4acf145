-- ProxySQL: the admin port is SQLite; days become seconds since 1970.
SELECT NULL, (julianday('now') - 2440587.5) * 86400.0
