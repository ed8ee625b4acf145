-- Which server this is: two behind one name may have the same version and have started together.
SELECT @@GLOBAL.server_uuid
