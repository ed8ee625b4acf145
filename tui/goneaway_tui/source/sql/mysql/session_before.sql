-- What session_act.sql changes: the connection that reads gets it back after a change that ran over it.
SELECT @@SESSION.time_zone, @@SESSION.sql_mode
