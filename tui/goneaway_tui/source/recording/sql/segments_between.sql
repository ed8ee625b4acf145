-- The streams of a track that say something after one instant and up to another, oldest first.
SELECT segment, MAX(id) FROM piece WHERE track = ? AND at > ? AND at <= ? GROUP BY segment ORDER BY segment
