-- What others know this server by.
SELECT @@GLOBAL.server_id AS server_id
