"""From the bytes of a pipeline file to a checked pipeline. Reads no file itself."""
