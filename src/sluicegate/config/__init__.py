"""Bytes of a pipeline file to a pipeline; every error at once, with its line."""
