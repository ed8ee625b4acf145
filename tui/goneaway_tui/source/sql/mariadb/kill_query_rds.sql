-- Amazon RDS and Aurora: KILL QUERY by an account that may.
CALL mysql.rds_kill_query(%s)
