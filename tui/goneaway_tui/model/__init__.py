"""Frozen facts; the standard library and nothing else."""
