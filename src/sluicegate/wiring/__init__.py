"""The composition root: the only package that names concrete adapters.

Everything else receives ports. What is costly to import or to build waits for its first
use, so a command pays for, and needs, only what it touches.
"""
