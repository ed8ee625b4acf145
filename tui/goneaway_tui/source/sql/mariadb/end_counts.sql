-- How many clean disconnects (COM_QUIT) the sessions of one account had. MariaDB counts no errors by account.
SELECT 0, COUNT_STAR FROM performance_schema.events_statements_summary_by_account_by_event_name
WHERE USER = %s AND HOST = %s AND USER = %s AND HOST = %s AND EVENT_NAME = 'statement/com/Quit'
