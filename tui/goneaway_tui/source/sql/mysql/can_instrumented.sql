-- With performance_schema=OFF its tables exist and are empty, without an error.
SELECT 1 FROM (SELECT @@GLOBAL.performance_schema AS is_on) AS asked WHERE is_on = 1
