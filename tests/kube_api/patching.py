"""PATCH: which patch it is, and what comes of it.

Source: k8s.io/apiserver/pkg/endpoints/handlers/patch.go.
"""

import json

from kube_api import decoding, lifecycle, scaling
from kube_api.call import Call, parse_object
from kube_api.managed_fields import applied
from kube_api.metadata import check_name
from kube_api.patches import ALL_MEDIA_TYPES, APPLY_PATCH, media_types, patched
from kube_api.problem import (
    Cause,
    Details,
    Problem,
    bad_request,
    invalid,
    not_found,
    unsupported_media_type,
)
from kube_api.values import Json, metadata_of

_APPLIES = (APPLY_PATCH, "application/apply-patch+yaml")


def patch(call: Call) -> tuple[Json, bool]:
    """What the object became, and whether it was created.

    Raises:
        Problem: 400, 404, 409, 415, 422.
    """
    media_type = call.request.media_type
    if media_type not in ALL_MEDIA_TYPES:
        message = "415: Unsupported Media Type"
        raise Problem(415, "UnsupportedMediaType", message, Details())
    if media_type not in media_types(call.resource):
        raise unsupported_media_type(media_types(call.resource))
    _check_options(call, media_type)
    if media_type in _APPLIES:
        return _apply(call)
    old = call.state.store.get(call.key())
    if old is None:
        raise not_found(call.resource, call.target.name)
    if call.target.subresource == "scale":
        scale = scaling.scale_of(call.resource, old)
        wanted = patched(media_type, call.resource, scale, call.request.body)
        return scaling.replace_scale(call, wanted), False
    new = patched(media_type, call.resource, old, call.request.body)
    decoding.check_kind(call, new)
    _check_fields(call, new)
    check_name(metadata_of(new), call.target.name)
    return lifecycle.update(call, old, new), False


def _check_fields(call: Call, new: Json) -> None:
    """What cannot be read after it was patched is invalid: 422, not 400."""
    text = json.dumps(new, separators=(",", ":"))
    try:
        decoding.check_fields(call, new)
    except Problem as problem:
        why = problem.message.partition(": ")[2]
        message = f"Invalid value: {json.dumps(text)}: {why}"
        cause = Cause("FieldValueInvalid", message, "patch")
        raise invalid("", "", "", [cause]) from problem


def _apply(call: Call) -> tuple[Json, bool]:
    wanted = parse_object(call.request.body, is_yaml=True)
    _check_applied(call, wanted)
    old = call.state.store.get(call.key())
    if old is None and call.target.subresource:
        raise not_found(call.resource, call.target.name)
    force = call.request.flag("force")
    if old is None:
        call.authorize("create")
        metadata_of(wanted).setdefault("name", call.target.name)
        new = applied(call.resource, None, wanted, call.writer, force=force)
        return lifecycle.create(call, new, owners=False), True
    new = applied(call.resource, old, wanted, call.writer, force=force)
    return lifecycle.update(call, old, new, owners=False), False


def _check_options(call: Call, media_type: str) -> None:
    query = call.request.query
    causes = []
    if media_type in _APPLIES and not query.get("fieldManager"):
        message = "Required value: is required for apply patch"
        causes.append(Cause("FieldValueRequired", message, "fieldManager"))
    if media_type not in _APPLIES and "force" in query:
        message = "Forbidden: may not be specified for non-apply patch"
        causes.append(Cause("FieldValueForbidden", message, "force"))
    if causes:
        raise invalid("meta.k8s.io", "PatchOptions", "", causes)


def _check_applied(call: Call, wanted: Json) -> None:
    """Source: k8s.io/apimachinery/pkg/util/managedfields/internal/versioncheck.go."""
    version, kind = str(wanted.get("apiVersion", "")), str(wanted.get("kind", ""))
    if (version, kind) != (call.resource.api_version, call.resource.kind):
        group_version = version if "/" in version else f"/{version}"
        raise bad_request(f"invalid object type: {group_version}, Kind={kind}")
    metadata_of(wanted).setdefault("name", call.target.name)
    check_name(metadata_of(wanted), call.target.name)
