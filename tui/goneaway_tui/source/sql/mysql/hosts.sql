-- Host with port, which performance_schema.threads leaves out; asked once for sessions that are new.
SELECT ID, HOST FROM performance_schema.processlist WHERE ID >= %s
