-- The piece that ends the next sample after a piece, in the order of writing.
SELECT id, segment FROM piece WHERE track = 0 AND at IS NOT NULL AND id > ? ORDER BY id LIMIT 1
