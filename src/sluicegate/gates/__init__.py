"""Conditions on evidence, and how decisions combine. Pure."""
