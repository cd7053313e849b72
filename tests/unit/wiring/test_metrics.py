"""Unit tests of `sluicegate.wiring.metrics` and of where its secrets are."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from fakes import START, FakeClock
from prometheus_service import CANARY, STABLE, answering, matrix
from typing_extensions import override

from sluicegate.adapters.masking import Masks
from sluicegate.config.file import parse_pipeline
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.metric import Pair, Tally
from sluicegate.model.rollout import Release
from sluicegate.ports.metrics import MetricSource, Reading
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.canary_sources import Secret
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.secrets.own import own_variables
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.masking import build_masks
from sluicegate.wiring.metric_secrets import Places, secret_variables_of
from sluicegate.wiring.metrics import MaskedSource, MetricSources

TOKEN = "s3cret-token-of-a-test"  # noqa: S105 - a made-up one
ARMS = {"label": "to", "stable": "{name}", "canary": "{name}"}


def pipeline(**metrics: object) -> Pipeline:
    stage = {"uses": "canary", "environment": "production", "metrics": metrics}
    return parse_pipeline(
        json.dumps(
            {
                "schema": "sluicegate/v1",
                "name": "churn_release_v1.0",
                "stages": {
                    "image": {"uses": "docker-build", "image": "x"},
                    "roll": stage,
                },
                "environments": {
                    "production": {"target": {"uses": "docker", "port": 8000}}
                },
            }
        ).encode(),
        "s.yaml",
    )


class World:
    """A project in a folder of its own, on a machine with *environ*."""

    given: dict[str, str] | None = None
    kept: tuple[str, ...] = ()

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.machine = Machine(environ={"HOME": str(folder / "home"), **environ})

    def open(self, **metrics: object) -> dict[str, MetricSource]:
        made = pipeline(**metrics)
        stage = made.stage("roll").stage
        assert isinstance(stage, CanaryStage)
        masks = build_masks(self.machine, made, self.folder)
        clock = FakeClock(elapsed_ms=60_000)
        sources = MetricSources(
            *(self.machine, self.folder, self.machine.process, clock, masks),
            kept=self.kept,
            given=lambda: self.given or {},
            own=own_variables(stage, {}),
        )
        return dict(sources.of(stage))


def line(**changes: object) -> str:
    return json.dumps(
        {
            "t": START.timestamp() + 60,
            "metric": "bad",
            "kind": "bernoulli",
            "stable": {"n": 90, "x": 1},
            "canary": {"n": 10, "x": 0},
            **changes,
        }
    )


PAIR = Pair(Tally(90, (1,)), Tally(10, (0,)))


def test_a_file_is_found_from_the_pipeline_file_or_from_home(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    for place in (tmp_path / "m.jsonl", tmp_path / "home" / "m.jsonl"):
        place.write_text(line() + "\n" + line(metric="other") + "\n")
    world = World(tmp_path)

    for path in ("m.jsonl", "~/m.jsonl", str(tmp_path / "m.jsonl")):
        source = {"uses": "file", "path": path}
        (found,) = world.open(bad={"kind": "bernoulli", "from": source}).values()
        assert found.read(STABLE, CANARY, START).pair == PAIR


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "rate"}, "bad is a latency, and the line has a rate"),
        (
            {
                "kind": "latency",
                "edges": [100],
                "stable": {"n": 1, "x": [0]},
                "canary": {"n": 1, "x": [0]},
            },
            "bad has the edges 100, 250, in ms",
        ),
        ({"stable": {"n": 1, "x": 2}}, "stable"),
    ],
)
def test_a_line_of_another_metric_by_the_same_name_is_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    (tmp_path / "m.jsonl").write_text(line(**changes) + "\n")
    source = {"uses": "file", "path": "m.jsonl"}
    declared = {"kind": "latency", "edges": ["100ms", "250ms"], "from": source}
    (found,) = World(tmp_path).open(bad=declared).values()

    with pytest.raises(PermanentError, match=f"m.jsonl:1: .*{message}"):
        found.read(STABLE, CANARY, START)


def test_categories_of_a_file_have_to_be_those_of_the_pipeline(tmp_path: Path) -> None:
    both = {"n": 1, "x": [1, 0]}
    (tmp_path / "m.jsonl").write_text(
        line(kind="categories", categories=["a", "b"], stable=both, canary=both) + "\n"
    )
    source = {"uses": "file", "path": "m.jsonl"}
    declared = {"kind": "categories", "categories": ["b", "a"], "from": source}
    (found,) = World(tmp_path).open(bad=declared).values()

    with pytest.raises(PermanentError, match="bad has the categories b, a"):
        found.read(STABLE, CANARY, START)


def test_a_program_runs_in_the_folder_of_the_pipeline_file(tmp_path: Path) -> None:
    (tmp_path / "n.json").write_text(
        '{"stable": {"n": 90, "x": 1}, "canary": {"n": 10, "x": 0}}'
    )
    source = {"uses": "command", "run": "cat n.json"}
    (found,) = World(tmp_path).open(bad={"kind": "rate", "from": source}).values()

    assert found.read(STABLE, CANARY, START).pair == PAIR


def test_the_target_is_no_source_of_these(tmp_path: Path) -> None:
    assert World(tmp_path).open(slow={"kind": "latency", "edges": ["1s"]}) == {}


@pytest.mark.parametrize(
    ("declared", "total"),
    [
        ({"kind": "bernoulli", "total": "all_total", "failed": "bad_total"}, (50, 2)),
        ({"kind": "rate", "exposure": "all_total", "events": "bad_total"}, (50, 2)),
        ({"kind": "gauge", "samples": "all_total"}, (1, 50_000_000)),
        (
            {
                "kind": "categories",
                "categories": ["x", "y"],
                "total": "all_total",
                "by": "label",
            },
            (50, 0, 50),
        ),
        (
            {"kind": "latency", "edges": ["100ms"], "buckets": "s_bucket"},
            (9, 3),
        ),
        (
            {
                "kind": "latency",
                "edges": ["100ms"],
                "buckets": "ms_bucket",
                "unit": "ms",
            },
            (9, 3),
        ),
    ],
)
def test_every_kind_is_counted_by_its_own_series(
    tmp_path: Path, declared: dict[str, object], total: tuple[int, ...]
) -> None:
    at = START.timestamp() + 30
    series = [
        ({"__name__": name, "to": to, **labels}, [[at, value]])
        for to in ("v1.0", "v1.1")
        for name, labels, value in (
            ("all_total", {"label": "y"}, "50"),
            ("bad_total", {}, "2"),
            ("s_bucket", {"le": "0.1"}, "6"),
            ("s_bucket", {"le": "+Inf"}, "9"),
            ("ms_bucket", {"le": "100"}, "6"),
            ("ms_bucket", {"le": "+Inf"}, "9"),
        )
    ]
    own = {"kind": declared.pop("kind")}
    for key in ("edges", "categories"):
        if key in declared:
            own[key] = declared.pop(key)
    with answering(matrix(*series)) as server:
        source = {"uses": "prometheus", "url": server.url, "arms": ARMS, **declared}
        (found,) = World(tmp_path).open(a={**own, "from": source}).values()
        pair = found.read(STABLE, CANARY, START).pair

    tally = Tally(total[0], total[1:])
    assert pair == Pair(tally, tally)


def prometheus(url: str, **auth: object) -> dict[str, object]:
    source = {"uses": "prometheus", "url": url, "arms": ARMS, "samples": "x"}
    return {"kind": "gauge", "from": {**source, "auth": auth}}


def test_a_token_comes_from_a_variable_or_a_file_and_is_never_said(
    tmp_path: Path,
) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    world = World(tmp_path, PROMETHEUS_KEY=TOKEN)
    body = json.dumps({"error": f"no such token: {TOKEN}"}).encode()
    with answering(body, code=403) as server:
        for place in ({"env": "PROMETHEUS_KEY"}, {"file": "token"}):
            declared = prometheus(server.url, bearer=place)
            (found,) = world.open(memory=declared).values()
            with pytest.raises(PermanentError, match="HTTP 403: no such token") as no:
                found.read(STABLE, CANARY, START)
            assert TOKEN not in str(no.value)
    assert [each["Authorization"] for each in server.headers] == [f"Bearer {TOKEN}"] * 2


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"env": "PROMETHEUS_KEY"}, "variable PROMETHEUS_KEY is not set"),
        ({"file": "token"}, "token cannot be read: FileNotFoundError"),
        ({"file": "empty"}, "empty, which should hold a secret, is empty"),
        ({"file": "binary"}, "binary cannot be read: UnicodeDecodeError"),
    ],
)
def test_a_secret_that_is_not_there_is_held_for(
    tmp_path: Path, place: dict[str, str], message: str
) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff")
    with answering(matrix()) as server:
        declared = prometheus(server.url, bearer=place)
        (found,) = World(tmp_path).open(memory=declared).values()
        with pytest.raises(PermanentError, match=message):
            found.read(STABLE, CANARY, START)
    assert server.forms == []


def test_a_token_that_a_provider_keeps_is_the_one_that_was_fetched(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, PROMETHEUS_KEY="another one, of this machine")
    world.kept, world.given = ("PROMETHEUS_KEY",), {"PROMETHEUS_KEY": f"{TOKEN}\n"}
    with answering(b"{}", code=403) as server:
        declared = prometheus(server.url, bearer={"env": "PROMETHEUS_KEY"})
        (found,) = world.open(memory=declared).values()
        with pytest.raises(PermanentError, match="HTTP 403"):
            found.read(STABLE, CANARY, START)
    assert [each["Authorization"] for each in server.headers] == [f"Bearer {TOKEN}"]


def test_a_token_that_is_kept_and_not_given_is_not_taken_from_elsewhere(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, PROMETHEUS_KEY="another one, of this machine")
    world.kept = ("PROMETHEUS_KEY",)
    with answering(matrix()) as server:
        declared = prometheus(server.url, bearer={"env": "PROMETHEUS_KEY"})
        (found,) = world.open(memory=declared).values()
        with pytest.raises(PermanentError, match="KEY is among the pipeline's secrets"):
            found.read(STABLE, CANARY, START)
    assert server.forms == []


def test_a_program_that_counts_gets_the_secrets_of_its_stage_but_for_logins(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    world.given = {"COUNTER_KEY": TOKEN, "PROMETHEUS_KEY": "for sluicegate alone"}
    says = '{"stable": {"n": 90, "x": 1}, "canary": {"n": 10, "x": 0}}'
    command = {
        "uses": "command",
        "run": f'test "$COUNTER_KEY" = {TOKEN} && test -z "$PROMETHEUS_KEY"'
        f" && echo '{says}'",
    }
    found = world.open(
        bad={"kind": "rate", "from": command},
        memory=prometheus("https://x", bearer={"env": "PROMETHEUS_KEY"}),
    )

    assert found["bad"].read(STABLE, CANARY, START).pair == PAIR


def test_a_secret_may_be_renewed_under_way(tmp_path: Path) -> None:
    places = Places(World(tmp_path).machine, tmp_path)
    for text in ("first", "second"):
        (tmp_path / "token").write_text(text)
        assert places.read(Secret(file="token")) == text


def test_stages_see_no_variable_that_holds_a_login() -> None:
    made = pipeline(
        a=prometheus("https://x", bearer={"env": "A_KEY"}),
        b=prometheus("https://x", user="ann", password={"env": "B_KEY"}),
        c=prometheus("https://x", bearer={"file": "token"}),
    )

    assert secret_variables_of(made) == {"A_KEY", "B_KEY"}


class DarkSource(MetricSource):
    """Says what it should not."""

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        raise TransientError(f"bad {TOKEN}", hint=f"not {TOKEN}")


def test_errors_are_masked_and_keep_their_kind() -> None:
    masked = MaskedSource(DarkSource(), Masks({"A_TOKEN": TOKEN}, None))

    with pytest.raises(TransientError, match=r"^bad \*\*\*$") as said:
        masked.read(STABLE, CANARY, START)
    assert said.value.hint == "not ***"
