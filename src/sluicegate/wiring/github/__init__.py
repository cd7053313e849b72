"""Running on GitHub: what is asked of it, and what it is shown."""
