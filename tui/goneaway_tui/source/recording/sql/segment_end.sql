-- The instant of a segment's last sample.
SELECT MAX(at) FROM piece WHERE segment = ? AND track = 0 AND typeof(at) = 'real'
