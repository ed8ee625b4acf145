-- What follows a gap in a stream.
DELETE FROM piece WHERE segment = ? AND track = ? AND id >= ?
