"""Patches: JSON merge patch, JSON patch, strategic merge patch.

Source: RFC 7396 for the merge patch; k8s.io/apiserver/pkg/endpoints/handlers/patch.go.
"""

import json

from kube_api import schemas
from kube_api.json_patch import json_patched
from kube_api.problem import bad_request
from kube_api.resources import Resource
from kube_api.shapes import Value
from kube_api.strategic_patch import strategic_patched
from kube_api.values import Json, copy_json

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
ALL_MEDIA_TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_PATCH)


def media_types(resource: Resource) -> list[str]:
    """Of the patches that a kind takes, in the order of the message that tells them."""
    if resource.custom:
        return [JSON_PATCH, MERGE_PATCH, APPLY_PATCH]
    return list(ALL_MEDIA_TYPES)


def patched(media_type: str, resource: Resource, found: Json, body: bytes) -> Json:
    """*found* after the patch in *body*.

    Raises:
        Problem: the patch is none (400), or cannot be applied (422).
    """
    try:
        patch = json.loads(body)
    except ValueError as error:
        raise bad_request(f"error decoding patch: {error}") from error
    if media_type == JSON_PATCH:
        return json_patched(found, patch)
    if not isinstance(patch, dict):
        kind = "array" if isinstance(patch, list) else "string"
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {kind} into Go value of type"
            " map[string]interface {}"
        )
    if media_type == MERGE_PATCH:
        made = merge_patched(found, patch)
    else:
        made = strategic_patched(found, patch, schemas.shape(resource))
    assert isinstance(made, dict)
    return made


def merge_patched(found: Value, patch: Value) -> Value:
    """*found* after a JSON merge patch: null removes, a list is replaced."""
    if not isinstance(patch, dict):
        return copy_json(patch)
    merged = dict(found) if isinstance(found, dict) else {}
    for key, each in patch.items():
        if each is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patched(merged.get(key), each)
    return merged
