-- A segment is named after its first piece, so no two ever share a name.
SELECT IFNULL(MAX(id), 0) + 1 FROM piece
