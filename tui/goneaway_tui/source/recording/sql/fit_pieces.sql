-- The rows of a page that have the form of a piece.
SELECT id, segment, track, at, seal, body FROM piece WHERE typeof(segment) = 'integer' AND typeof(track) = 'integer' AND typeof(at) IN ('real', 'null') AND typeof(seal) = 'integer' AND typeof(body) = 'blob' AND length(body) <= 3900
