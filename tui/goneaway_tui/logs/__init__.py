"""Logs of clients and servers: what one line says, and which lines are about one lost connection."""
