"""What can change a server, before it does."""
