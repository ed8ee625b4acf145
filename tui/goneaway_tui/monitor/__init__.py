"""The monitoring of servers: the poll loop of each (`poller`), and what is kept of each for a screen (`server_monitor`)."""
