"""Metrics for Prometheus. The only package that imports `prometheus_client`, which is an extra."""
