-- Ends what a session runs, and leaves the session.
KILL QUERY %s
