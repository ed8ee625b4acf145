-- Everything the database defines, as it was written.
SELECT name, sql FROM sqlite_schema ORDER BY name LIMIT 10
