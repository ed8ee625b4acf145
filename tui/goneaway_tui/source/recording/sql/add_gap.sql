-- The first piece of a stream that does not follow from the one before.
INSERT INTO gap (segment, track, first) VALUES (?, ?, ?)
