-- The last statement of every session that ran one since the timer stood at the given picosecond. A thread numbers its events:
-- where EVENT_ID follows the END_EVENT_ID of the statement before, the session ran nothing between the two.
SELECT THREAD_ID, TIMER_START, TIMER_END, EVENT_ID, END_EVENT_ID, EVENT_NAME, LEFT(SQL_TEXT, %s)
FROM performance_schema.events_statements_current
WHERE NESTING_EVENT_LEVEL = 0 AND (END_EVENT_ID IS NULL OR TIMER_END >= %s)
