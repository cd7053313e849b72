"""Environments in Kubernetes: the cluster, its targets, what they may do there."""
