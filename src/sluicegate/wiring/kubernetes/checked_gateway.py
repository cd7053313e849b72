"""Whether two Deployments behind a Gateway are as a rollout needs them."""

from collections.abc import Generator, Iterator, Mapping

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.objects import (
    DEPLOYMENT,
    HTTP_ROUTE,
    SERVICE,
    Obj,
)
from sluicegate.adapters.kubernetes.values import Fields
from sluicegate.adapters.targets.kubernetes.fault import refuse_unknown
from sluicegate.adapters.targets.kubernetes.gateway_target import Place
from sluicegate.adapters.targets.kubernetes.marks import Marks
from sluicegate.adapters.targets.kubernetes.readiness import replicas_of
from sluicegate.adapters.targets.kubernetes.route import Seen
from sluicegate.adapters.targets.kubernetes.route_status import is_quiet, judge_status
from sluicegate.adapters.targets.kubernetes.routing import write_shares
from sluicegate.adapters.targets.kubernetes.workload import Workload
from sluicegate.errors import ExternalError
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.stages.cluster import Workload as Names
from sluicegate.stages.kubernetes_target import KubernetesTarget
from sluicegate.wiring.kubernetes.checked_owners import check_owner, other_image
from sluicegate.wiring.kubernetes.checks import fine, found_by, problem
from sluicegate.wiring.kubernetes.gateway import build_place
from sluicegate.wiring.project import Project


def check_gateway(
    project: Project, environment: str, settings: KubernetesTarget, api: Api
) -> Iterator[HostCheck]:
    """The route, the Deployments, the Services, and who owns what we change."""
    place = build_place(api, environment, settings, project.machine.clock)
    try:
        seen = yield from _check_route(place, settings, api)
    except ExternalError as error:
        yield found_by("route", error)
        seen = None
    if seen is not None:
        yield from _check_route_owner(place, seen, settings, api)
    deployments = place.deployments
    for names, workload in (
        (settings.stable, deployments.stable),
        (settings.canary, deployments.canary),
        (settings.baseline, deployments.baseline),
    ):
        if names is None or workload is None:
            continue
        try:
            yield from _check_arm(names, workload, settings, api)
        except ExternalError as error:
            yield found_by(f"Deployment {names.deployment}", error)
    if seen is not None:
        yield from _check_stable(place, seen.marks)


def _check_route(
    place: Place, settings: KubernetesTarget, api: Api
) -> Generator[HostCheck, None, Seen | None]:
    """The route as it was seen, None if there is none or it cannot be used."""
    name = settings.route
    obj = place.route.find()
    if obj is None:
        yield problem(
            "route",
            f"there is no HTTPRoute {name} in {api.namespace}",
            f"make one whose backendRefs name {settings.stable.service}:"
            f"{settings.port}, or correct route: of the target",
        )
        return None
    seen = place.route.see(obj)
    taking = judge_status(obj, obj.generation)
    if taking.refusal is not None:
        yield problem(
            "route",
            f"HTTPRoute {name}: {taking.refusal}",
            f"kubectl -n {api.namespace} describe httproute {name}",
        )
    elif taking.waiting is not None:
        quiet = is_quiet(obj)
        yield HostCheck(
            "route",
            Standing.WARNING if quiet else Standing.UNKNOWN,
            f"HTTPRoute {name}: {taking.waiting}",
            "whether a weight is in force cannot be told" if quiet else "",
            f"kubectl -n {api.namespace} describe httproute {name}",
        )
    else:
        to = f"{settings.stable.service}:{settings.port}"
        yield fine("route", f"HTTPRoute {name} leads to {to}, and is accepted")
    return seen


def _check_route_owner(
    place: Place, seen: Seen, settings: KubernetesTarget, api: Api
) -> Iterator[HostCheck]:
    rules = seen.obj.items("spec", "rules")
    other = 1 if seen.marks.percent != 1 else 2
    try:
        shared = write_shares(rules, place.arms, place.route.shares(other))
    except ExternalError as error:
        yield found_by("weights", error)
        return
    fields: Fields = {"spec": {"rules": shared}}
    yield check_owner(api, HTTP_ROUTE, seen.obj, fields, settings.take_over, "weights")


def _check_arm(
    names: Names, workload: Workload, settings: KubernetesTarget, api: Api
) -> Iterator[HostCheck]:
    found = workload.find()
    if found is None:
        yield problem(
            f"Deployment {names.deployment}",
            f"there is none in {api.namespace}",
            "make it, or correct the name in the target",
        )
        return
    container = workload.container(found)
    image = other_image(container.text("image") or "")
    listed = {"name": container.text("name") or "", "image": image}
    spec: Fields = {"template": {"spec": {"containers": [listed]}}}
    if names != settings.stable:
        spec = {**spec, "replicas": replicas_of(found) + 1}
    yield check_owner(
        api, DEPLOYMENT, found, {"spec": spec}, settings.take_over, "image"
    )
    yield from _check_service(names, found, settings, api)


def _check_service(
    names: Names, deployment: Obj, settings: KubernetesTarget, api: Api
) -> Iterator[HostCheck]:
    service = api.get(SERVICE, names.service)
    topic = f"Service {names.service}"
    if service is None:
        yield problem(
            topic,
            f"there is none in {api.namespace}",
            "make it, or correct the name in the target",
        )
        return
    ports = [each.integer("port") for each in service.items("spec", "ports")]
    if settings.port not in ports:
        listed = ", ".join(map(str, ports)) or "none"
        yield problem(
            topic,
            f"has no port {settings.port}, but {listed}",
            "correct port: of the target, or the Service",
        )
        return
    selector = service.mapping("spec", "selector")
    labels = deployment.mapping("spec", "template", "metadata", "labels")
    if not selector or not selector.items() <= labels.items():
        yield problem(
            topic,
            f"does not lead to the pods of Deployment {names.deployment}",
            f"give it a selector among their labels: {_write(labels)}",
        )
        return
    others = [
        each
        for each in (settings.stable, settings.canary, settings.baseline)
        if each is not None and each != names
    ]
    strangers = [each for each in others if _leads_to(selector, each, api)]
    if strangers:
        also = ", ".join(each.deployment for each in strangers)
        yield problem(
            topic,
            f"leads to the pods of {also} as well",
            f"add a label to the pods of {names.deployment} that those of {also} do not"
            " have, and to the Service's selector",
            "requests of one release would be answered by the other, and counted for"
            " it",
        )
        return
    yield fine(topic, f"leads to the pods of {names.deployment} alone")


def _leads_to(selector: Mapping[str, str], names: Names, api: Api) -> bool:
    other = api.get(DEPLOYMENT, names.deployment)
    if other is None:
        return False
    labels = other.mapping("spec", "template", "metadata", "labels")
    return selector.items() <= labels.items()


def _check_stable(place: Place, marks: Marks) -> Iterator[HostCheck]:
    """Whether what serves is known, so that a canary can be compared with it."""
    if marks.stable is not None:
        yield fine("stable", f"{marks.stable.name} is the stable release")
        return
    try:
        refuse_unknown(place.deployments, marks, place.route.name)
    except ExternalError as error:
        yield found_by("stable", error)
        return
    yield fine("stable", "nothing serves yet: the first release is compared with none")


def _write(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()))
