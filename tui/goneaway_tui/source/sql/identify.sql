-- Who is answering. The handshake's banner may be a proxy's; this is the server's own word.
SELECT VERSION(), @@version_comment, CONNECTION_ID(), CURRENT_USER()
