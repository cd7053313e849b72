import pytest

from sluicegate.adapters.kubernetes.fence import FENCE, Fence
from sluicegate.adapters.kubernetes.objects import HTTP_ROUTE, Obj
from sluicegate.adapters.kubernetes.values import Json
from sluicegate.errors import PermanentError
from sluicegate.ports.fence import FencedOffError

LOG = "/home/ann/shop/.sluicegate/log"
OURS = Fence.of(LOG, 41)


def route(fence: str | None) -> Obj:
    marks: dict[str, Json] = {} if fence is None else {FENCE: fence}
    metadata: Json = {"name": "web", "namespace": "shop", "annotations": marks}
    return Obj(HTTP_ROUTE, {"metadata": metadata})


def of(fence: Fence) -> Obj:
    return route(fence.annotation[FENCE])


def test_a_fence_tells_logs_apart_and_no_path_of_a_machine() -> None:
    assert OURS.annotation == Fence.of(LOG, 41).annotation
    assert OURS.annotation != Fence.of(LOG + "2", 41).annotation
    assert "ann" not in OURS.annotation[FENCE]
    assert OURS.annotation[FENCE].endswith("/41")


@pytest.mark.parametrize("there", [None, Fence.of(LOG, 41), Fence.of(LOG, 7)])
def test_an_own_or_an_earlier_lease_gives_way(there: Fence | None) -> None:
    found = route(None) if there is None else of(there)
    OURS.check(found)
    OURS.check(found, is_new=True)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_later_lease_of_the_same_log_refuses_us(is_new: bool) -> None:  # noqa: FBT001
    with pytest.raises(
        FencedOffError, match="entry 41 of the log, is over: entry 42 took"
    ) as caught:
        OURS.check(of(Fence.of(LOG, 42)), is_new=is_new)
    assert (caught.value.number, caught.value.is_of_this_log) == (42, True)
    assert caught.value.where == f"annotation {FENCE} of HTTPRoute web"
    assert caught.value.removal == (
        f"kubectl -n shop annotate httproutes.gateway.networking.k8s.io web {FENCE}-"
    )


def test_of_two_logs_the_later_one_has_it() -> None:
    other = of(Fence.of("elsewhere", 99))
    OURS.check(other, is_new=True)
    with pytest.raises(FencedOffError, match="entry 99 of another log took") as caught:
        OURS.check(other)
    assert not caught.value.is_of_this_log
    assert "`sluice resume` takes the environment back" in str(caught.value.hint)


@pytest.mark.parametrize(
    "text", ["", "41", "x/41", "0123456789abcdef/041", "0123456789abcdef/-1", "\x1b[2J"]
)
def test_what_is_no_fence_keeps_everybody_out(text: str) -> None:
    with pytest.raises(
        PermanentError, match=f"annotation {FENCE} is no fence"
    ) as caught:
        OURS.check(route(text), is_new=True)
    assert str(caught.value).isprintable()
    assert f"annotate httproutes.gateway.networking.k8s.io web {FENCE}-" in (
        caught.value.hint or ""
    )
