"""Sequential statistics of a canary, pure. `judge` is the way in."""
