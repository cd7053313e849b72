"""MLflow's registry of models, over its HTTP API."""
