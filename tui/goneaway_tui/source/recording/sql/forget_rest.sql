-- What follows the gaps in the streams.
DELETE FROM piece WHERE id IN (SELECT piece.id FROM gap CROSS JOIN piece ON piece.segment = gap.segment AND piece.track = gap.track AND piece.id >= gap.first)
