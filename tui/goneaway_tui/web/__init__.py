"""The screen in a browser: the guard, a page, and a process for each browser."""
