-- The pieces of one stream after one and up to another.
SELECT id, at, seal, body FROM piece WHERE segment = ? AND track = ? AND id > ? AND id <= ? ORDER BY id LIMIT 100000
