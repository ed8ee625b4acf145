-- Percona Server may serve many sessions by one thread, which checks idle ones from time to time.
SELECT 1 FROM (SELECT @@GLOBAL.thread_handling AS handling) AS asked WHERE handling = 'pool-of-threads'
