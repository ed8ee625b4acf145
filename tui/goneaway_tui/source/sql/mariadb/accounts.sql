-- How many sessions each account has ever had: a rise beyond the sessions that are listed means that sessions came and ended between two samples.
SELECT USER, HOST, TOTAL_CONNECTIONS FROM performance_schema.accounts WHERE USER IS NOT NULL LIMIT 10000
