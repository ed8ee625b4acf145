-- Azure: KILL by an account that may.
CALL mysql.az_kill(%s)
