"""What Prometheus is shown of a run: its events as metrics. Pure."""
