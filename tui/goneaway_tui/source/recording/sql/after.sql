-- The first instant of a track after another.
SELECT at FROM piece WHERE track = ? AND at > ? ORDER BY at LIMIT 1
