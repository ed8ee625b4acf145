-- MySQL 8.0.22 and later; takes no mutex, and unlike information_schema.processlist raises no deprecation warning.
SELECT 1 FROM performance_schema.processlist LIMIT 1
