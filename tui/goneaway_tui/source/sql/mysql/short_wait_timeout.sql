-- Whether our own idle session would be closed between two polls. Only then is session.sql run: on MySQL a SET SESSION
-- by any account marks the variable in variables_info as set at run time, and hides where its value came from.
SELECT 1 FROM (SELECT @@SESSION.wait_timeout AS seconds) AS asked WHERE seconds < %s
