"""How a repository on GitHub is set up: its workflows and settings, read and judged."""
