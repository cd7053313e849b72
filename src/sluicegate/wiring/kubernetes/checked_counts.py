"""Whether Prometheus counts the requests of both arms."""

from collections.abc import Iterator
from datetime import timedelta

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.argo.steps import CANARY
from sluicegate.errors import ExternalError, TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.model.rollout import Release, Scrape
from sluicegate.ports.request_counts import Arm
from sluicegate.stages.argo_target import ArgoRolloutsTarget
from sluicegate.stages.kubernetes_target import KubernetesTarget
from sluicegate.stages.target_counts import SelectedCounts
from sluicegate.wiring.kubernetes.checked_model import arms_of, open_services
from sluicegate.wiring.kubernetes.checked_rollout import open_rollouts
from sluicegate.wiring.kubernetes.checks import fine, found_by
from sluicegate.wiring.kubernetes.counts import AnyClusterTarget, build_counts
from sluicegate.wiring.project import Project

_TOPIC = "counts"
_WINDOW = timedelta(hours=1)
_NOBODY = Release(Digest.of(b""), "none", "0" * 40)


def check_counts(
    project: Project, environment: str, settings: AnyClusterTarget, api: Api
) -> Iterator[HostCheck]:
    """What was counted of both arms in the last hour."""
    counts = settings.counts
    if isinstance(counts, SelectedCounts) and _names_releases(counts):
        yield HostCheck(
            _TOPIC,
            Standing.UNKNOWN,
            f"{counts.arms.label} names a release: it can be looked for during a"
            " rollout alone",
        )
        return
    clock = project.machine.clock
    try:
        arms = _arms(project, environment, settings, api)
        source = build_counts(project, environment, settings, clock)
        found = source.read(
            Arm(_NOBODY, arms[0]), Arm(_NOBODY, arms[1]), clock.now() - _WINDOW
        )
    except TransientError as error:
        yield found_by(_TOPIC, error)
        return
    except ExternalError as error:
        yield found_by(_TOPIC, error, "without counts a rollout is held")
        return
    yield _judge(found, arms)


def _judge(found: Scrape, arms: tuple[str, str]) -> HostCheck:
    stable, canary = map(show, arms)
    said = (
        f"{stable} answered {found.stable.total} requests in the last hour, of which"
        f" {found.stable.failed} failed; {canary} {found.canary.total}"
    )
    if not found.stable.total:
        return HostCheck(
            _TOPIC,
            Standing.WARNING,
            said,
            "a canary is promoted by its requests: without any it is held until the"
            " deadline",
            "see whether requests come in through this route, and whether it is this"
            " proxy that is scraped",
        )
    return fine(_TOPIC, said)


def _arms(
    project: Project, environment: str, settings: AnyClusterTarget, api: Api
) -> tuple[str, str]:
    """What stable and canary are called by whoever counts."""
    if isinstance(settings, KubernetesTarget):
        return settings.stable.service, settings.canary.service
    place = f"{project.pipeline.name.partition('_')[0]}/{environment}"
    if isinstance(settings, ArgoRolloutsTarget):
        seen = open_rollouts(api, place, settings).look()
        standing = seen.standing
        stable = seen.obj.text(*CANARY, "stableService") or standing.stable
        canary = seen.obj.text(*CANARY, "canaryService") or standing.current
        return stable, canary
    return arms_of(open_services(api, place, settings).look(), settings)


def _names_releases(counts: SelectedCounts) -> bool:
    both = counts.arms.stable + counts.arms.canary
    return any(f"{{{name}}}" in both for name in ("image", "digest", "name", "commit"))
