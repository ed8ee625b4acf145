-- Where a full server still answers; 0 where it does not. It listens there on every address it has.
SELECT '', @@GLOBAL.extra_port
