-- One more piece.
INSERT INTO piece (segment, track, at, seal, body) VALUES (?, ?, ?, ?, ?)
