-- Our own session only: bounded statements, times in the system's zone (InnoDB writes TRX_STARTED in it),
-- independent of the server's sql_mode, and an idle limit of our own that outlasts the interval between polls.
SET SESSION max_execution_time = %s, SESSION wait_timeout = %s, SESSION lock_wait_timeout = 5,
    SESSION time_zone = 'SYSTEM', SESSION sql_mode = ''
