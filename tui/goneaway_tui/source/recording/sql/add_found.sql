-- A row found in a damaged file; the same one may be found twice.
INSERT OR IGNORE INTO found (id, segment, track, at, seal, body) VALUES (?, ?, ?, ?, ?, ?)
