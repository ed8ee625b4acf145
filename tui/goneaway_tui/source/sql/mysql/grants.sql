-- Without FOR: what the active roles grant is listed as well.
SHOW GRANTS
