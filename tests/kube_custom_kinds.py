"""Custom kinds in the cluster that the tests ask.

The stand-in has them. On a real one they are installed, where they lack, from the files
or folders of files that SLUICE_KUBE_CRDS names; without: the test is skipped.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from kube_api import Json
from kube_worlds import Client, World, wait_until

FILES = "SLUICE_KUBE_CRDS"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def need(world: World, name: str) -> None:
    """Have the kind that *name* (``httproutes.gateway.networking.k8s.io``) defines."""
    if world.stand_in is not None or _is_there(world.client, name):
        return
    for definition in _definitions():
        if definition["metadata"]["name"] == name:
            reply = world.client.create(_CRDS, definition)
            assert reply.status in (201, 409), reply.said
            wait_until(lambda: _is_established(world.client, name))
            return
    pytest.skip(f"the cluster has no {name}, and no file of {FILES} defines it")


def _is_there(client: Client, name: str) -> bool:
    return client.get(f"{_CRDS}/{name}").status == 200


def _is_established(client: Client, name: str) -> bool:
    told = client.get(f"{_CRDS}/{name}").body.get("status", {})
    return any(
        each["type"] == "Established" and each["status"] == "True"
        for each in told.get("conditions", ())
    )


def _definitions() -> Iterator[Json]:
    for place in filter(None, os.environ.get(FILES, "").split(os.pathsep)):
        path = Path(place)
        for file in sorted(path.rglob("*.yaml")) if path.is_dir() else [path]:
            for found in yaml.safe_load_all(file.read_text(encoding="utf-8")):
                if (found or {}).get("kind") == "CustomResourceDefinition":
                    yield found
