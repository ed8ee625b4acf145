-- When the last statements of some threads ran; performance_schema keeps ten of a thread, and no running one.
SELECT THREAD_ID, TIMER_START, TIMER_END
FROM performance_schema.events_statements_history
WHERE NESTING_EVENT_LEVEL = 0 AND TIMER_END IS NOT NULL AND THREAD_ID IN %s
