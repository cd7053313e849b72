"""A Kubernetes cluster: how it is reached, read, changed and watched."""
