"""Adapters: the ports, implemented on real systems."""
