"""A run and its events as text. Pure."""
