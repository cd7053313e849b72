"""What a service answers, beside what the offline pipeline computes. Pure."""
