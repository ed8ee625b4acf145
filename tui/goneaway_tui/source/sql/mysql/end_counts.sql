-- How often sessions of one account ended in each way: errors by number, and under 0 the clean disconnects (COM_QUIT).
-- Both tables are read by their key, so the cost does not grow with the number of accounts.
SELECT ERROR_NUMBER, SUM_ERROR_RAISED FROM performance_schema.events_errors_summary_by_account_by_error
WHERE USER = %s AND HOST = %s AND ERROR_NUMBER IN (1153, 1158, 1159, 1160, 1161, 4031)
UNION ALL
SELECT 0, COUNT_STAR FROM performance_schema.events_statements_summary_by_account_by_event_name
WHERE USER = %s AND HOST = %s AND EVENT_NAME = 'statement/com/Quit'
