-- A piece that is whole, and all of its stream before it.
INSERT INTO piece (id, segment, track, at, seal, body) VALUES (?, ?, ?, ?, ?, ?)
