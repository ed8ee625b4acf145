"""Snapshots as Prometheus reads them. The only room that knows `prometheus_client`, which is an extra."""
