"""Inboxes: where signed statements wait for the next recorder."""
