-- Until the server restarts. Sessions already open keep their own value.
SET GLOBAL {variable} = %s
