-- How often errors that end or refuse sessions were raised, by account, and how long ago (negative) first and last.
SELECT USER, HOST, ERROR_NUMBER, SUM_ERROR_RAISED,
    UNIX_TIMESTAMP(FIRST_SEEN) - UNIX_TIMESTAMP(NOW(6)), UNIX_TIMESTAMP(LAST_SEEN) - UNIX_TIMESTAMP(NOW(6))
FROM performance_schema.events_errors_summary_by_account_by_error
WHERE SUM_ERROR_RAISED > 0 AND ERROR_NUMBER IN (
    1040, 1043, 1045, 1053, 1129, 1153, 1156, 1158, 1159, 1160, 1161, 1203, 1226, 1317, 3024, 3032, 4031)
ORDER BY LAST_SEEN DESC LIMIT 1000
