-- The statements of a recording: after the name and the meaning of each comes its text.

-- piece: The streams, piece by piece in the order they were written; only ever added to at the end and deleted from the front.
CREATE TABLE piece (id INTEGER PRIMARY KEY, segment INTEGER NOT NULL, track INTEGER NOT NULL, at REAL, seal INTEGER NOT NULL, body BLOB NOT NULL)

-- piece_at: The time line: where a sample's line ends, and a departure's.
CREATE INDEX piece_at ON piece (track, at) WHERE at IS NOT NULL

-- piece_of: The pieces of one stream.
CREATE INDEX piece_of ON piece (segment, track)

-- objects: Everything the database defines, as it was written.
SELECT name, sql FROM sqlite_schema ORDER BY name LIMIT 10

-- append: One more piece.
INSERT INTO piece (segment, track, at, seal, body) VALUES (?, ?, ?, ?, ?)

-- next_segment: A segment is named after its first piece, so no two ever share a name.
SELECT IFNULL(MAX(id), 0) + 1 FROM piece

-- oldest_segment: The segment that goes first.
SELECT segment FROM piece ORDER BY id LIMIT 1

-- segment_end: The instant of a segment's last sample.
SELECT MAX(at) FROM piece WHERE segment = ? AND track = 0 AND typeof(at) = 'real'

-- forget: A segment, with all that is in it.
DELETE FROM piece WHERE segment = ?

-- all_pages: Pages of the file, unused ones included.
SELECT page_count FROM pragma_page_count

-- used_pages: Pages that hold something.
SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count

-- span: The first and the last instant of a track.
SELECT (SELECT at FROM piece WHERE track = ? AND at IS NOT NULL ORDER BY at LIMIT 1), (SELECT at FROM piece WHERE track = ? AND at IS NOT NULL ORDER BY at DESC LIMIT 1)

-- after: The first instant of a track after another.
SELECT at FROM piece WHERE track = ? AND at > ? ORDER BY at LIMIT 1

-- before: The last instant of a track before another, passing over so many.
SELECT at FROM piece WHERE track = ? AND at < ? ORDER BY at DESC LIMIT 1 OFFSET ?

-- last: The piece that ends the last sample at or before an instant; the first where none is as old.
SELECT id, segment FROM piece WHERE track = 0 AND at <= MAX(?, (SELECT at FROM piece WHERE track = 0 AND at IS NOT NULL ORDER BY at LIMIT 1)) ORDER BY at DESC, id DESC LIMIT 1

-- next: The piece that ends the next sample after a piece, in the order of writing.
SELECT id, segment FROM piece WHERE track = 0 AND at IS NOT NULL AND id > ? ORDER BY id LIMIT 1

-- stream: The pieces of one stream after one and up to another.
SELECT id, at, seal, body FROM piece WHERE segment = ? AND track = ? AND id > ? AND id <= ? ORDER BY id LIMIT 100000

-- segments_between: The streams of a track that say something after one instant and up to another, oldest first.
SELECT segment, MAX(id) FROM piece WHERE track = ? AND at > ? AND at <= ? GROUP BY segment ORDER BY segment

-- latest_segments: The streams of a track, newest first.
SELECT segment, MAX(id) FROM piece WHERE track = ? AND at IS NOT NULL GROUP BY segment ORDER BY segment DESC

-- fit_pieces: The rows of a page that have the form of a piece.
SELECT id, segment, track, at, seal, body FROM piece WHERE typeof(segment) = 'integer' AND typeof(track) = 'integer' AND typeof(at) IN ('real', 'null') AND typeof(seal) = 'integer' AND typeof(body) = 'blob' AND length(body) <= 3900

-- restore: A piece of a damaged file; the same one may be found twice.
INSERT OR IGNORE INTO piece (id, segment, track, at, seal, body) VALUES (?, ?, ?, ?, ?, ?)

-- streams: All pieces, stream by stream.
SELECT id, segment, track, at, seal, body FROM piece ORDER BY segment, track, id
