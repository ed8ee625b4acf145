-- Before MySQL 8.0.22, or with performance_schema=OFF (where SHOW PROCESSLIST may be empty).
SELECT NULL, ID, USER, HOST, DB, COMMAND, TIME, STATE, LEFT(INFO, %s), NULL, 0
FROM information_schema.processlist
