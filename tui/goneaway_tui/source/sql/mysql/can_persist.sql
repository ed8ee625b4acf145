-- MySQL 8.0 and later keep a value across restarts; whether a restart reads it back is another matter.
SELECT 1 FROM (SELECT @@GLOBAL.persisted_globals_load AS is_on) AS asked
