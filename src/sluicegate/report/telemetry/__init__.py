"""A run as OpenTelemetry: spans, metrics and log records out of its events. Pure.

Source:
    OpenTelemetry semantic conventions v1.44.0, CI/CD (release candidate).
"""
