"""Whether an InferenceService of KServe is as our rollouts need it."""

from collections.abc import Iterator

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.objects import INFERENCE_SERVICE
from sluicegate.adapters.kubernetes.values import Fields
from sluicegate.adapters.targets.kserve.knative import KnativeSplit
from sluicegate.adapters.targets.kserve.predictor import Form, predictor_of
from sluicegate.adapters.targets.kserve.revisions import Component
from sluicegate.adapters.targets.kserve.service import Seen, Services
from sluicegate.adapters.targets.kserve.split import Desk, Split
from sluicegate.adapters.targets.kserve.standard import StandardSplit
from sluicegate.adapters.targets.kserve.waiting import Waiting
from sluicegate.adapters.targets.kubernetes.fencing import NO_FENCE
from sluicegate.errors import ExternalError
from sluicegate.model.host_check import HostCheck
from sluicegate.ports.clock import Clock
from sluicegate.stages.kserve_target import KServeTarget
from sluicegate.wiring.kubernetes.checked_owners import check_owner, other_image
from sluicegate.wiring.kubernetes.checks import fine, found_by, problem

_TOPIC = "InferenceService"


def check_model(
    place: str, settings: KServeTarget, api: Api, clock: Clock
) -> Iterator[HostCheck]:
    """The InferenceService and its mode, who owns its image, and what is stable.

    *place* is ``PROJECT/ENVIRONMENT``.
    """
    services = open_services(api, place, settings)
    split = _split(services, settings, clock)
    try:
        found = api.get(INFERENCE_SERVICE, settings.service)
        if found is None:
            yield problem(
                _TOPIC,
                f"there is no InferenceService {settings.service} in {api.namespace}",
                "make it, or correct service: of the target",
            )
            return
        seen = services.see(found)
        split.refuse(seen)
    except ExternalError as error:
        yield found_by(_TOPIC, error)
        return
    yield fine(_TOPIC, f"{settings.service} is deployed in mode {settings.mode}")
    yield _check_owner(services, seen, settings, api)
    yield _check_stable(split, seen)


def open_services(api: Api, place: str, settings: KServeTarget) -> Services:
    """The InferenceService as the target knows it; *place* as in `check_model`."""
    form = Form(settings.image, settings.container)
    return Services(api, settings.service, place, form, take_over=settings.take_over)


def arms_of(seen: Seen, settings: KServeTarget) -> tuple[str, str]:
    """What stable and canary are called: revisions, or Services."""
    if settings.mode == "knative":
        component = Component.of(seen.obj)
        return component.rolled_out or component.ready, component.ready
    variant = seen.predictor.text("name")
    stable = f"{settings.service}-{variant}" if variant else settings.service
    return f"{stable}-predictor", f"{settings.service}-{settings.canary}-predictor"


def _check_owner(
    services: Services, seen: Seen, settings: KServeTarget, api: Api
) -> HostCheck:
    image = other_image(seen.image)
    predictor = services.form.write(predictor_of(seen.obj), image)
    fields: Fields = {"spec": {"predictor": predictor}}
    return check_owner(
        api, INFERENCE_SERVICE, seen.obj, fields, settings.take_over, "image"
    )


def _split(services: Services, settings: KServeTarget, clock: Clock) -> Split:
    """How it gives shares; only asked what is so."""
    waiting = Waiting(services, clock)
    desk = Desk(services, waiting, clock, 0, lambda: NO_FENCE)
    if settings.mode == "knative":
        return KnativeSplit(desk)
    return StandardSplit(desk, settings.canary, settings.replicas)


def _check_stable(split: Split, seen: Seen) -> HostCheck:
    try:
        stable = split.stable(seen)
    except ExternalError as error:
        return found_by("stable", error)
    if stable is None:
        said = "nothing serves yet: the first release is compared with none"
        return fine("stable", said)
    return fine("stable", f"{stable.name} is the stable release")
