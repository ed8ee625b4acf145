-- The port at which a full server still answers; 0 where there is none. It listens there on every address it has.
SELECT '', @@GLOBAL.extra_port
