"""Registries of images: reading them over HTTP, pushing through the Docker client."""
