-- The pieces of one stream.
CREATE INDEX piece_of ON piece (segment, track)
