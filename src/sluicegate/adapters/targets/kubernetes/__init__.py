"""A target of two Deployments, whose Services share an HTTPRoute (Gateway API)."""
