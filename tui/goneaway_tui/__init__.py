"""See every MySQL or MariaDB session beside the limit that will close it."""

__version__ = "1.0.0"
