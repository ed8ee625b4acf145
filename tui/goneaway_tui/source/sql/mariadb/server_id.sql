-- The id by which other servers know this one.
SELECT @@GLOBAL.server_id AS server_id
