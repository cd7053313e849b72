"""What serves the traffic."""
