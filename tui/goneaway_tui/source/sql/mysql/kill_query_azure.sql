-- Azure: KILL QUERY by an account that may.
CALL mysql.az_kill_query(%s)
