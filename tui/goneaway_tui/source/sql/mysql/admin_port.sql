-- The address and port at which a full server still answers; since 8.0.14. It listens there only where admin_address is set, which is NULL else.
SELECT @@GLOBAL.admin_address, IF(COALESCE(@@GLOBAL.admin_address, '') = '', 0, @@GLOBAL.admin_port)
