-- Always set our own limits: on MariaDB that leaves no trace.
SELECT 1
