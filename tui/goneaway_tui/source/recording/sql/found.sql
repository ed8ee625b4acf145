-- The rows found in a damaged file, before it is known which of them are whole.
CREATE TEMP TABLE found (id INTEGER PRIMARY KEY, segment INTEGER, track INTEGER, at REAL, seal INTEGER, body BLOB)
