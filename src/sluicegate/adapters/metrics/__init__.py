"""Where the numbers of metrics come from."""
