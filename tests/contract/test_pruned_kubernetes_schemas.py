"""The schemas that the stand-in of the Kubernetes API holds objects against."""

import gzip
import json
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from kube_api import kinds, schemas
from kube_api.kinds import ALL
from kube_api.shapes import Value

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "scripts/prune_kubernetes_schemas.py"))
FILE = ROOT / "tests/kube_api/schemas.json.gz"
# What an API server defines itself, of which the stand-in answers without a schema, and
# kinds of a controller that a test may play as it likes.
OPEN = {
    "customresourcedefinitions.apiextensions.k8s.io",
    "selfsubjectaccessreviews.authorization.k8s.io",
    "selfsubjectrulesreviews.authorization.k8s.io",
    "selfsubjectreviews.authentication.k8s.io",
    "tlsroutes.gateway.networking.k8s.io",
    "services.serving.knative.dev",
    "revisions.serving.knative.dev",
    "routes.serving.knative.dev",
}


@pytest.fixture(scope="module")
def document() -> Value:
    return json.loads(gzip.decompress(FILE.read_bytes()))


def references(node: Value) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from references(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value.rpartition("/")[2]
            else:
                yield from references(value)


def test_they_say_what_they_were_made_of(document: Value) -> None:
    found = {each["package"]: each for each in document["x-sources"]}

    assert found.keys() == {
        "kubernetes-validate",
        "@kubernetes-models/gateway-api",
        "@kubernetes-models/argo-rollouts",
    }
    for each in found.values():
        assert each["version"]
        assert each["licence"]
        assert len(each["archive-sha256"]) == 64


def test_everything_they_refer_to_is_there(document: Value) -> None:
    named = set(references(document))
    assert named
    assert named <= document["definitions"].keys()


def test_nothing_is_there_that_nothing_refers_to(document: Value) -> None:
    assert set(references(document)) == document["definitions"].keys()


def test_packing_them_again_gives_the_same_bytes(document: Value) -> None:
    assert SCRIPT["pack"](document) == FILE.read_bytes()


def test_every_kind_has_one_but_for_those_that_are_open() -> None:
    without = {each.qualified for each in ALL if schemas.shape(each).deduced}
    assert without == OPEN


def test_an_addition_is_for_a_place_that_there_is() -> None:
    found = {"v1/Thing": {"type": "object", "properties": {"spec": {"type": "object"}}}}
    said: Value = {"everywhere": {}, "kinds": {"v1/Thing": {"at": {"status.x": {}}}}}
    with pytest.raises(SystemExit, match=r"v1/Thing has no status\.x"):
        SCRIPT["lay_over"](found, said)


def test_what_is_added_says_how_lists_are_merged() -> None:
    route = next(each for each in kinds.GATEWAY_API if each.kind == "HTTPRoute")
    spec = schemas.shape(route).child("spec")
    assert spec is not None
    rules = spec.child("rules")
    assert rules is not None
    assert rules.list_is_atomic
    rollout = next(each for each in kinds.ARGO if each.kind == "Rollout")
    pod = schemas.shape(rollout)
    for name in ("spec", "template", "spec", "containers"):
        below = pod.child(name)
        assert below is not None
        pod = below
    assert pod.keys == ("name",)
