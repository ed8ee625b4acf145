"""Where samples come from: live servers, a private demo server, a simulation."""
