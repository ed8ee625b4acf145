-- sessions.sql, of those that work or have begun a command since the one with the given QUERY_ID, and of the given ones;
-- under 0 the ids of all others. The server fills its list once, whatever is asked of it, so one statement brings both.
SELECT IF(COMMAND <> 'Sleep' OR QUERY_ID >= %s OR ID IN %s, ID, 0) AS ASKED, MAX(USER), MAX(HOST), MAX(DB), MAX(COMMAND),
       MAX(TIME_MS) / 1000, MAX(STATE), MAX(LEFT(INFO_BINARY, %s)), MAX(QUERY_ID), COUNT(*), GROUP_CONCAT(ID)
FROM information_schema.processlist GROUP BY ASKED
