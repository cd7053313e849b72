"""Showing metrics to Prometheus: as a file, and as a page that it reads."""
