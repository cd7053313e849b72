"""A pipeline whose environment is in a cluster, as a file says it."""

import json

from kube_api import Json

TARGET: Json = {
    "uses": "kubernetes",
    "cluster": {"context": "shop", "kubeconfig": "config"},
    "namespace": "shop",
    "route": "web",
    "stable": "web",
    "canary": "web-canary",
    "port": 80,
    "counts": {"uses": "traefik", "url": "http://prometheus.example:9090"},
}
PUBLISHED: dict[str, Json] = {
    "image": {"uses": "docker-build", "image": "ghcr.io/acme/x"},
    "scan": {"uses": "trivy"},
    "publish": {"uses": "publish"},
}
"""The stages without which nothing goes to a cluster."""


def pipeline_text(**target: Json | str | bool) -> str:
    """The file, with *target* changed."""
    return json.dumps(
        {
            "schema": "sluicegate/v1",
            "name": "churn_release_v1.0",
            "stages": {
                **PUBLISHED,
                "say": {"uses": "command", "run": "env", "needs": ["image"]},
                "roll": {
                    "uses": "canary",
                    "environment": "production",
                    "needs": ["say", "publish"],
                },
            },
            "environments": {"production": {"target": {**TARGET, **target}}},
        }
    )
