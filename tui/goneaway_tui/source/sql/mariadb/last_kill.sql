-- How long ago (negative) a KILL that ends a session last ran; only statements that succeeded count.
SELECT MAX(UNIX_TIMESTAMP(LAST_SEEN)) - UNIX_TIMESTAMP(NOW(6)) FROM performance_schema.events_statements_summary_by_digest
WHERE LEFT(DIGEST_TEXT, 5) = 'KILL ' AND DIGEST_TEXT NOT REGEXP '^KILL (HARD |SOFT )?QUERY' AND COUNT_STAR > SUM_ERRORS
