-- How many sessions each account has ever had: a rise beyond those that are seen tells of visits between two looks.
SELECT USER, HOST, TOTAL_CONNECTIONS FROM performance_schema.accounts WHERE USER IS NOT NULL LIMIT 10000
