"""Signed statements: how somebody without the log's key has something recorded.

Whoever places a hold, approves or rejects writes a *statement*, signs it with an SSH
key and leaves it in an inbox. The next recorder verifies it and appends it as an entry
of the log, once.
"""
