"""What is said of secrets: never a value."""
