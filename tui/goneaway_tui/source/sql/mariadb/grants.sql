-- Without FOR: what the roles in use grant is told as well.
SHOW GRANTS
