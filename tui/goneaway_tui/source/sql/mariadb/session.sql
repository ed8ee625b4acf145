-- As on MySQL; here the statement limit holds for every kind of statement and counts in seconds, not milliseconds.
SET SESSION max_statement_time = %s / 1000, SESSION wait_timeout = %s, SESSION lock_wait_timeout = 5,
    SESSION time_zone = 'SYSTEM', SESSION sql_mode = ''
