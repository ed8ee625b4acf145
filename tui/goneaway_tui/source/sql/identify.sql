-- Which server answers. The handshake's banner may be a proxy's; this is what the server itself reports.
SELECT VERSION(), @@version_comment, CONNECTION_ID(), CURRENT_USER()
