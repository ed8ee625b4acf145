"""See every MySQL or MariaDB session beside the limit that will close it."""
