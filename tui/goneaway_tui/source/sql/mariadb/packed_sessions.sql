-- sessions.sql, packed: by some hundred sessions, as group_concat_max_len allows.
SELECT COUNT(*), JSON_ARRAYAGG(JSON_ARRAY(ID, USER, HOST, DB, COMMAND, TIME_MS / 1000, STATE, LEFT(INFO_BINARY, %s), QUERY_ID))
FROM information_schema.processlist GROUP BY ID DIV 500
