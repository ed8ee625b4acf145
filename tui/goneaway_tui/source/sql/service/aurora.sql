-- Amazon Aurora MySQL has this function; its documentation names it as the way to tell which Aurora it is.
SELECT 1 FROM (SELECT AURORA_VERSION() AS version) AS asked
