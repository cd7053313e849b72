"""Unit tests of `sluicegate.adapters.metrics.command`, with real programs."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from fakes import START, FakeClock
from prometheus_service import CANARY, STABLE

from sluicegate.adapters.metrics.command import CommandSource
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import ExternalError, PermanentError, TransientError
from sluicegate.model.metric import MetricKind, Pair, Tally
from sluicegate.ports.metrics import Reading

GOOD = '{"stable": {"n": 900, "x": 4}, "canary": {"n": 100, "x": 1}}'


def read(folder: Path, script: str, *, seconds: float = 30) -> Reading:
    source = CommandSource(
        ("sh", "-c", script),
        str(folder),
        SubprocessRunner(StopRequest(), os.environ, grace_seconds=0.2),
        FakeClock(elapsed_ms=5000),
        name="refusals",
        kind=MetricKind.BERNOULLI,
        width=1,
        timeout=timedelta(seconds=seconds),
    )
    return source.read(STABLE, CANARY, START)


def test_a_program_prints_the_numbers_of_both_releases(tmp_path: Path) -> None:
    assert read(tmp_path, f"echo chatter >&2; echo '{GOOD}'") == Reading(
        START + timedelta(seconds=5), Pair(Tally(900, (4,)), Tally(100, (1,)))
    )


def test_a_program_is_told_what_to_count(tmp_path: Path) -> None:
    read(tmp_path, f"env | grep ^SLUICE_ | sort >told; echo '{GOOD}'")

    told = dict(
        line.split("=", 1) for line in (tmp_path / "told").read_text().splitlines()
    )
    assert told == {
        "SLUICE_METRIC": "refusals",
        "SLUICE_SINCE": f"{START.timestamp():.3f}",
        "SLUICE_STABLE_IMAGE": STABLE.image.short,
        "SLUICE_STABLE_DIGEST": str(STABLE.image),
        "SLUICE_STABLE_NAME": "v1.0",
        "SLUICE_STABLE_COMMIT": "a" * 40,
        "SLUICE_CANARY_IMAGE": CANARY.image.short,
        "SLUICE_CANARY_DIGEST": str(CANARY.image),
        "SLUICE_CANARY_NAME": "v1.1",
        "SLUICE_CANARY_COMMIT": "b" * 40,
    }


@pytest.mark.parametrize(
    "said",
    [
        "",
        "900 4",
        "[]",
        "null",
        '{"stable": {"n": 900, "x": 4}}',
        '{"stable": {"n": 900, "x": 4}, "canary": null}',
        '{"stable": {"n": 900, "x": 901}, "canary": {"n": 1, "x": 0}}',
        '{"stable": {"n": NaN, "x": 0}, "canary": {"n": 1, "x": 0}}',
        GOOD[:-1],
        GOOD + GOOD,
    ],
)
def test_what_is_not_the_numbers_of_both_is_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(PermanentError, match="sh printed") as refused:
        read(tmp_path, f"printf %s {json.dumps(said)!r}" if '"' not in said
             else f"printf %s '{said}'")  # fmt: skip
    assert refused.value.hint == f"it has to print {GOOD}"


def test_a_program_that_fails_has_counted_nothing(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match=r"^sh exited with 3: no such database$"):
        read(tmp_path, f"echo '{GOOD}'; echo no such database >&2; exit 3")
    with pytest.raises(TransientError, match=r"^sh was ended after 0.2 s$"):
        read(tmp_path, f"echo '{GOOD}'; exec sleep 60", seconds=0.2)
    with pytest.raises(ExternalError):
        read(tmp_path / "missing", "true")
