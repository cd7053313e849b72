"""What a repository on GitHub gets to begin with: workflows, and what they need."""
