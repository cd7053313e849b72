"""The audit log: append, verify, record."""
