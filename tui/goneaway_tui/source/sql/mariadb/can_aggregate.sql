-- MariaDB 10.5 and later.
SELECT JSON_ARRAYAGG(1)
