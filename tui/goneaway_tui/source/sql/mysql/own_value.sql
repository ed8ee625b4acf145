-- The value that a session got at its login; of a variable that sessions do not have, the global value.
SELECT @@{variable}
