"""Whether a Rollout of Argo Rollouts is as our rollouts need it."""

from collections.abc import Iterator

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.objects import ROLLOUT, SERVICE
from sluicegate.adapters.kubernetes.values import Fields
from sluicegate.adapters.targets.argo.rollout import Rollouts, Seen
from sluicegate.adapters.targets.argo.rules import refuse
from sluicegate.adapters.targets.argo.steps import CANARY
from sluicegate.errors import ExternalError
from sluicegate.model.host_check import HostCheck
from sluicegate.stages.argo_target import ArgoRolloutsTarget
from sluicegate.wiring.kubernetes.argo import find_steps
from sluicegate.wiring.kubernetes.checked_owners import check_owner, other_image
from sluicegate.wiring.kubernetes.checks import fine, found_by, problem
from sluicegate.wiring.project import Project

_TOPIC = "rollout"


def check_rollout(
    project: Project,
    environment: str,
    place: str,
    settings: ArgoRolloutsTarget,
    api: Api,
) -> Iterator[HostCheck]:
    """The Rollout and its steps, its Services, and who owns its image."""
    rollouts = open_rollouts(api, place, settings)
    name = settings.rollout
    try:
        found = api.get(ROLLOUT, name)
        if found is None:
            yield problem(
                _TOPIC,
                f"there is no Rollout {name} in {api.namespace}",
                "make it, or correct rollout: of the target",
            )
            return
        seen = rollouts.see(found)
        refuse(seen, find_steps(project.pipeline, environment), sticky=settings.sticky)
        yield fine(_TOPIC, f"Rollout {name} waits at every step of the pipeline")
    except ExternalError as error:
        yield found_by(_TOPIC, error)
        return
    yield _check_owner(api, seen, settings)
    yield from _check_services(api, seen)
    yield _check_stable(rollouts, seen)


def open_rollouts(api: Api, place: str, settings: ArgoRolloutsTarget) -> Rollouts:
    """The Rollout as the target knows it; *place* is ``PROJECT/ENVIRONMENT``."""
    return Rollouts(
        api,
        settings.rollout,
        place,
        container=settings.container,
        take_over=settings.take_over,
    )


def _check_owner(api: Api, seen: Seen, settings: ArgoRolloutsTarget) -> HostCheck:
    listed = {"name": seen.container, "image": other_image(seen.image)}
    fields: Fields = {"spec": {"template": {"spec": {"containers": [listed]}}}}
    return check_owner(api, ROLLOUT, seen.obj, fields, settings.take_over, "image")


def _check_services(api: Api, seen: Seen) -> Iterator[HostCheck]:
    for field in ("stableService", "canaryService"):
        name = seen.obj.text(*CANARY, field)
        if name is None:
            continue
        try:
            service = api.get(SERVICE, name)
        except ExternalError as error:
            yield found_by(field, error)
            continue
        if service is None:
            yield problem(
                field,
                f"there is no Service {name} in {api.namespace}",
                f"make it, or correct {field} of the Rollout",
            )
        else:
            yield fine(field, f"Service {name} is there")


def _check_stable(rollouts: Rollouts, seen: Seen) -> HostCheck:
    try:
        stable = rollouts.stable(seen)
    except ExternalError as error:
        return found_by("stable", error)
    if stable is None:
        said = "nothing serves yet: the first release is compared with none"
        return fine("stable", said)
    return fine("stable", f"{stable.name} is the stable release")
