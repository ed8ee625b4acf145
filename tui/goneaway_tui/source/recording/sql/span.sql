-- The first and the last instant of a track.
SELECT (SELECT at FROM piece WHERE track = ?1 AND at IS NOT NULL ORDER BY at LIMIT 1), (SELECT at FROM piece WHERE track = ?1 AND at IS NOT NULL ORDER BY at DESC LIMIT 1)
