"""Where the log and the evidence live."""
