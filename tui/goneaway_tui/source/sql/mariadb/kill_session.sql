-- Ends a session; an open transaction is rolled back.
KILL CONNECTION %s
