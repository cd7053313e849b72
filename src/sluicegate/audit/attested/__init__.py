"""Answers that a code host attests: what it said, kept, and judged again each time."""
