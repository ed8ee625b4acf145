-- Which server this is; since 10.5.26, 10.6.19 and 10.11.9.
SELECT @@GLOBAL.server_uid
