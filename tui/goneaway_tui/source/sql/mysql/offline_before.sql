-- Before MySQL 8.0 no server reports when a variable was set.
SELECT @@GLOBAL.offline_mode, NULL
