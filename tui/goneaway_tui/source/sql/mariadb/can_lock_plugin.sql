-- The plugin that lists metadata locks: INSTALL SONAME 'metadata_lock_info'. WHERE FALSE: no lock is read.
SELECT 1 FROM (SELECT COUNT(*) FROM information_schema.metadata_lock_info WHERE FALSE) AS asked
