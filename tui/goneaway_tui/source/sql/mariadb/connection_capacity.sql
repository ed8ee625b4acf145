-- What max_connections may grow to. The server counts 10 descriptors of its own, two a cached table, one a connection.
-- The buffers are those one session can hold at once, each once; a statement may take some of them several times.
SELECT CAST(@@GLOBAL.open_files_limit AS SIGNED) - 10 - 2 * CAST(@@GLOBAL.table_open_cache AS SIGNED),
       @@GLOBAL.thread_stack + 2 * @@GLOBAL.net_buffer_length + @@GLOBAL.sort_buffer_size + @@GLOBAL.join_buffer_size
       + @@GLOBAL.read_buffer_size + @@GLOBAL.read_rnd_buffer_size + @@GLOBAL.binlog_cache_size
