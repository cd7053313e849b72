"""Who owns the fields that a rollout changes, by an apply that is only tried.

Who asks for what is there already is in nobody's way: so another value is asked for.
"""

from collections.abc import Collection

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.errors import ContestedError
from sluicegate.adapters.kubernetes.objects import Kind, Obj
from sluicegate.adapters.kubernetes.values import Fields
from sluicegate.errors import ExternalError
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.wiring.kubernetes.checks import fine, found_by

_NO_DIGEST = f"sha256:{'0' * 64}"
_OURS = ("kubectl-annotate",)  # annotations that people set for us


def other_image(image: str) -> str:
    """An image of the same repository that is not there."""
    name = image.partition("@")[0]
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        repository = name
    return f"{repository}@{_NO_DIGEST}"


def check_owner(
    api: Api,
    kind: Kind,
    obj: Obj,
    fields: Fields,
    take_over: Collection[str],
    what: str,
) -> HostCheck:
    """Whether *fields* of *obj* may be ours; nothing is changed."""
    topic = f"{what} of {kind.name} {obj.name}"
    try:
        api.apply(
            kind,
            obj.name,
            fields,
            resource_version=obj.resource_version,
            take_over=(*take_over, *_OURS),
            dry_run=True,
        )
    except ContestedError as error:
        owners = ", ".join(sorted({each.manager for each in error.claims}))
        fields_said = ", ".join(sorted({each.field for each in error.claims})[:3])
        return HostCheck(
            topic,
            Standing.PROBLEM,
            f"{owners} owns {fields_said}",
            "a rollout changes it, and takes over nothing that it was not told to",
            error.hint or f"take_over: [{owners}]  # in the target",
        )
    except ExternalError as error:
        return found_by(topic, error)
    return fine(topic, "nobody else owns it")
