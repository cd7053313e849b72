import pytest
from kube_gateway_world import NAMESPACE, gateway_world
from kube_gateway_world import GatewayWorld as World
from kube_players.kubelet import Fares

from sluicegate.adapters.kubernetes.api import Event
from sluicegate.adapters.kubernetes.objects import DEPLOYMENT, POD, Obj
from sluicegate.adapters.kubernetes.values import Json
from sluicegate.adapters.targets.kubernetes.pod_trouble import Cause, find_trouble
from sluicegate.adapters.targets.kubernetes.readiness import is_ready

NOT_FOUND = "failed to pull and unpack image: registry.example/acme/shop: not found"
NO_NODE = (
    "0/3 nodes are available: 1 node(s) had untolerated taint {gpu: true}, 2"
    " Insufficient memory."
)
QUOTA = (
    'pods "shop-canary-x" is forbidden: exceeded quota: team, requested: pods=1, used:'
    " pods=2, limited: pods=2"
)


@pytest.fixture
def world() -> World:
    return gateway_world(pods=2)


def why(world: World, fares: Fares | None = None, seconds: float = 6) -> str:
    """Why the release does not get ready."""
    made = world.make("v1", fares=fares)
    fault = world.target.deploy(made, timeout_seconds=seconds)
    assert fault is not None
    return fault


@pytest.mark.parametrize(
    ("fares", "told"),
    [
        (
            Fares(unpulled=NOT_FOUND),
            "its image cannot be pulled (ImagePullBackOff): Failed to pull image",
        ),
        (Fares(unpulled=NOT_FOUND), NOT_FOUND),
        (
            Fares(crashes=(3, "loading\nno model file\n")),
            "exit code 3; it said last: loading | no model file",
        ),
        (
            Fares(crashes=(137, "")),
            "exit code 137 (OOMKilled: it used more memory than its limit)",
        ),
        (Fares(unscheduled=NO_NODE), f"no node takes it (Unschedulable): {NO_NODE}"),
        (
            Fares(unhealthy="HTTP probe failed with statuscode: 500"),
            "Readiness probe failed: HTTP probe failed with statuscode: 500",
        ),
        (
            Fares(unmade=("CreateContainerConfigError", 'secret "shop" not found')),
            'container app: CreateContainerConfigError: secret "shop" not found',
        ),
    ],
    ids=[
        "image",
        "what the registry says",
        "crash",
        "memory",
        "no node",
        "probe",
        "missing secret",
    ],
)
def test_the_reason_is_what_a_person_needs(
    world: World, fares: Fares, told: str
) -> None:
    found = why(world, fares)
    assert told in found
    assert "pod shop-canary-" in found


def test_a_quota_is_told_in_its_own_words(world: World) -> None:
    world.pods.quota = (2, QUOTA)
    assert f"no pod can be made: {QUOTA}" in why(world)


def test_a_paused_deployment_is_not_waited_for(world: World) -> None:
    world.hands("kubectl-rollout").merge(
        "Deployment", NAMESPACE, "shop-canary", {"spec": {"paused": True}}
    )
    before = world.clock.monotonic_ms()
    found = why(world, seconds=300)
    assert "`kubectl -n shop rollout resume deployment/shop-canary`" in found
    assert world.clock.monotonic_ms() - before < 10_000


def test_a_progress_deadline_ends_the_wait_with_what_hinders(world: World) -> None:
    world.pods.late.add("shop-canary")
    found = why(world, Fares(unscheduled=NO_NODE), seconds=300)
    assert NO_NODE in found
    assert "has timed out progressing" in found
    assert world.clock.monotonic_ms() < 30_000


def test_a_crash_loop_is_not_waited_for_to_the_end(world: World) -> None:
    why(world, Fares(crashes=(1, "")), seconds=600)
    assert world.clock.monotonic_ms() < 30_000


def test_who_is_up_after_a_crash_or_two_is_ready(world: World) -> None:
    made = world.make("v1", fares=Fares(restarts_until_ready=2))
    assert world.target.deploy(made, timeout_seconds=60) is None


def test_a_cluster_whose_controllers_sleep_is_told_apart(world: World) -> None:
    world.pods.asleep = True
    assert "no controller has looked at the change" in why(world)


def deployment(**status: int) -> Obj:
    told: dict[str, Json] = {"observedGeneration": 2, **status}
    spec: dict[str, Json] = {"replicas": 3}
    meta: dict[str, Json] = {"generation": 2}
    return Obj(DEPLOYMENT, {"metadata": meta, "spec": spec, "status": told})


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (deployment(updatedReplicas=3, replicas=3, availableReplicas=3), True),
        (deployment(updatedReplicas=2, replicas=3, availableReplicas=3), False),
        (deployment(updatedReplicas=3, replicas=4, availableReplicas=4), False),
        (deployment(updatedReplicas=3, replicas=3, availableReplicas=2), False),
        (
            deployment(
                observedGeneration=1,
                updatedReplicas=3,
                replicas=3,
                availableReplicas=3,
            ),
            False,
        ),
        (deployment(), False),
    ],
    ids=["ready", "not all new", "old ones left", "not available", "unseen", "new"],
)
def test_a_deployment_is_ready_when_kubectl_says_so(
    found: Obj, *, expected: bool
) -> None:
    assert is_ready(found) is expected


def pod(**status: Json) -> Obj:
    return Obj(POD, {"metadata": {"name": "p"}, "status": status})


def waiting(reason: str, message: str = "") -> dict[str, Json]:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"name": "setup", "restartCount": 0, "ready": False, "state": state}


def test_an_init_container_that_cannot_start_is_named() -> None:
    found = find_trouble(
        pod(
            initContainerStatuses=[waiting("ErrImagePull", "unauthorized")],
            containerStatuses=[waiting("PodInitializing")],
        ),
        (),
    )
    assert found is not None
    assert found.reason == (
        "pod p: container setup: its image cannot be pulled (ErrImagePull):"
        " unauthorized"
    )


@pytest.mark.parametrize("reason", ["InvalidImageName", "ErrImageNeverPull"])
def test_what_will_never_be_is_hopeless(reason: str) -> None:
    found = find_trouble(pod(containerStatuses=[waiting(reason)]), ())
    assert found is not None
    assert found.is_hopeless


def test_the_newest_words_of_a_registry_are_kept() -> None:
    message = 'Back-off pulling image "x": ErrImagePull: 429 Too Many Requests'
    status = waiting("ImagePullBackOff", message)
    event = Event(True, "Failed", "Failed to pull image: 404", 1, None)  # noqa: FBT003
    found = find_trouble(pod(containerStatuses=[status]), [event])
    assert found is not None
    assert "429 Too Many Requests" in found.reason


def test_what_mounts_fail_says_is_told_while_nothing_has_begun() -> None:
    event = Event(True, "FailedMount", 'secret "key" not found', 4, None)  # noqa: FBT003
    found = find_trouble(
        pod(phase="Pending", containerStatuses=[waiting("ContainerCreating")]), [event]
    )
    assert found is not None
    assert (found.cause, found.reason) == (
        Cause.SETTING_UP,
        'pod p: FailedMount: secret "key" not found',
    )


def test_an_evicted_pod_says_what_for() -> None:
    found = find_trouble(
        pod(phase="Failed", reason="Evicted", message="node was low on memory"), ()
    )
    assert found is not None
    assert found.reason == "pod p: it failed (Evicted): node was low on memory"


def test_nothing_of_a_terminal_gets_through() -> None:
    status = waiting("ErrImagePull", "\x1b[2Jgone\u202e" + "x" * 900)
    found = find_trouble(pod(containerStatuses=[status]), ())
    assert found is not None
    assert found.reason.isprintable()
    assert len(found.reason) < 420
