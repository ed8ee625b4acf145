-- After a change over the connection that reads: the values that session_before.sql brought.
SET SESSION time_zone = %s, SESSION sql_mode = %s
