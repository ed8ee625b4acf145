-- The streams of a track, newest first.
SELECT segment, MAX(id) FROM piece WHERE track = ? AND at IS NOT NULL GROUP BY segment ORDER BY segment DESC
