-- All that was found, stream by stream.
SELECT id, segment, track, at, seal, body FROM piece ORDER BY segment, track, id
