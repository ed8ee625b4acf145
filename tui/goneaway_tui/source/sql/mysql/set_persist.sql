-- At once, and across restarts.
SET PERSIST {variable} = %s
