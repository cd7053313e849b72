"""A release gate for ML services, with a log nobody can quietly change."""

__version__ = "0.1.0"
