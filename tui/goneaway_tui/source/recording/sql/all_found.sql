-- All rows found, stream by stream.
SELECT id, segment, track, at, seal, body FROM found ORDER BY segment, track, id
