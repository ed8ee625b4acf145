-- Only after an answer that counts warnings: otherwise MariaDB repeats those of an earlier statement.
SHOW WARNINGS
