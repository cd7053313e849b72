"""Reading secrets where they are kept."""
