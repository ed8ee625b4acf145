"""Logs of clients and servers: what one line says, and which lines tell of one lost connection."""
