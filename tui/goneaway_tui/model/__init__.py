"""Frozen data classes that every room shares: server, session, sample, snapshot, departure, tuning. Only the standard library."""
