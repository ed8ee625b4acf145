-- The piece that ends the last sample at or before an instant.
SELECT id, segment FROM piece WHERE track = 0 AND at <= ? ORDER BY at DESC, id DESC LIMIT 1
