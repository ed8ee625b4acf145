"""The screen in a browser: who may ask for it, a page, and a process for each who looks."""
