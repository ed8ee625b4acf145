-- Amazon RDS and Aurora: KILL by an account that may.
CALL mysql.rds_kill(%s)
