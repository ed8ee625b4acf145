-- A piece found in what is left of a file; the same one may be found twice.
INSERT OR IGNORE INTO piece (id, segment, track, at, seal, body) VALUES (?, ?, ?, ?, ?, ?)
