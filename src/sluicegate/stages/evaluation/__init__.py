"""What the kinds read that judge a model by its answers to examples."""
