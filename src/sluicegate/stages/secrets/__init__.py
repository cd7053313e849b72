"""Which stages get which secrets, and who keeps them: as the pipeline file says it."""
