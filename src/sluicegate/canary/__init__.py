"""Sequential statistics of a canary, pure."""
