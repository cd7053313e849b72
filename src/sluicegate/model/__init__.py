"""Frozen values of the domain. Standard library only (and typing_extensions)."""
