-- The streams, piece by piece in the order they were written; only ever added to at the end and deleted from the front.
CREATE TABLE piece (id INTEGER PRIMARY KEY, segment INTEGER NOT NULL, track INTEGER NOT NULL, at REAL, seal INTEGER NOT NULL, body BLOB NOT NULL)
