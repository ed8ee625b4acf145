-- The last instant of a track before another, passing over so many.
SELECT at FROM piece WHERE track = ? AND at < ? ORDER BY at DESC LIMIT 1 OFFSET ?
