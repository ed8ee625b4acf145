-- Only after an answer that counts warnings: otherwise MariaDB tells those of an earlier statement again.
SHOW WARNINGS
