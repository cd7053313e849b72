"""What a code host shows of a run: pure, values in and text out."""
