"""The demonstration: a real service through the whole pipeline."""
