-- A segment, with all that is in it.
DELETE FROM piece WHERE segment = ?
