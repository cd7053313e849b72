"""Sending telemetry, without anybody waiting for it."""
