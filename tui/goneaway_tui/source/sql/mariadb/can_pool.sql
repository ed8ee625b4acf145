-- One thread serves many sessions, and checks idle ones from time to time.
SELECT 1 FROM (SELECT @@GLOBAL.thread_handling AS handling) AS asked WHERE handling = 'pool-of-threads'
