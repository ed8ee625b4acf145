-- Forgets what a restart would bring back; what runs stays as it is. IF EXISTS makes an absent one a warning.
RESET PERSIST IF EXISTS {variable}
