-- The time line: where a sample's line ends, and a departure's.
CREATE INDEX piece_at ON piece (track, at) WHERE at IS NOT NULL
