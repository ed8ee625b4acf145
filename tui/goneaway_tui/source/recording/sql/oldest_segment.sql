-- The segment that goes first.
SELECT segment FROM piece ORDER BY id LIMIT 1
