"""From what is in a folder to the pipeline it should have. Reads no file itself."""
