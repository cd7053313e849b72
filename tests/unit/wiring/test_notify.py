"""Unit tests of `sluicegate.wiring.notify`: a run's events to a real web server."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Never

from fakes import START
from fakes_target import Behaviour
from rollouts import PLAN, World, world
from typing_extensions import override
from webhook_server import Hooks, serve_hooks

from sluicegate.config.file import parse_pipeline
from sluicegate.engine.toolbox import Observer
from sluicegate.model.address import Address
from sluicegate.model.decision import Outcome
from sluicegate.model.event import Event, RolloutFinished, RunFinished
from sluicegate.model.finding import Finding, Severity
from sluicegate.model.rollout import DeadlinePolicy, RolloutResult
from sluicegate.model.source import Source
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.notify import Notifier, subject_of

TEXT = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  build: {uses: docker-build, image: churn}
  canary: {uses: canary, environment: production}
environments: {production: {target: {uses: docker, port: 8000}}}
notify:
  - {uses: webhook, url: {env: HOOK}, on: ON}
"""
FINDING = Finding("DL3006", Severity.WARNING, "tag it", "Dockerfile", 1)
ALL = "[pending, abort, broken, closed, promoted]"


class Seen(Observer):
    """Keeps what it was shown."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.lines: list[tuple[str, str]] = []

    @override
    def event(self, event: Event) -> None:
        self.events.append(event)

    @override
    def line(self, stage: str, text: str) -> None:
        self.lines.append((stage, text))

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        self.lines += [(stage, finding.message) for finding in findings]


PLACE = LogPlace(Machine({}), Address.parse("/a/log"), Path())


def tell(
    folder: Path, events: Sequence[Event], on: str, environ: dict[str, str]
) -> tuple[Seen, Sequence[str]]:
    """Show *events* to a notifier; what else was shown them, and the warnings."""
    pipeline = parse_pipeline(TEXT.replace("ON", on).encode(), "s.yaml")
    source = Source(
        root=str(folder),
        commit="a" * 40,
        branch="main",
        tag="v1.2.0",
        dirty=(),
        remote=None,
    )
    file = folder / "sluicegate.yaml"
    log = LogPlace(Machine(environ), Address.parse(".sluicegate/audit"), folder)
    notifier = Notifier(Machine(environ), pipeline, folder)
    seen = Seen()
    observer = notifier.watch(
        subject_of(pipeline, source, "01JDA2Z9M3", file, log), seen
    )
    for event in events:
        observer.event(event)
    return seen, notifier.finish()


def messages(
    folder: Path, events: Sequence[Event], on: str = ALL
) -> list[tuple[str, str | None, str, str]]:
    with serve_hooks() as hooks:
        seen, warnings = tell(folder, events, on, {"HOOK": hooks.address})
    assert list(seen.events) == list(events)
    assert list(warnings) == []
    return [
        (found["event"], found["environment"], found["verdict"], found["next"])
        for found in sorted(hooks.documents(), key=lambda found: found["at"])
    ]


def conducted(here: World) -> list[Event]:
    here.conduct()
    return list(here.log.events)


def end(outcome: Outcome) -> RunFinished:
    return RunFinished(outcome, "stopped at canary", START, START, 1)


def test_a_promoted_release_is_told_with_how_to_see_it(tmp_path: Path) -> None:
    assert messages(tmp_path, [*conducted(world()), end(Outcome.OPEN)]) == [
        ("promoted", "production", "promoted", "sluice releases show v1.2.0")
    ]


def test_a_first_release_is_told_as_deployed(tmp_path: Path) -> None:
    events = conducted(world(stable=False))

    assert messages(tmp_path, events) == [
        ("promoted", "production", "deployed", "sluice releases show v1.2.0")
    ]


def test_an_aborted_canary_is_told_once_to_whoever_hears_of_aborts(
    tmp_path: Path,
) -> None:
    events = conducted(world(canary=Behaviour(fails=0.3)))
    look = "sluice audit log --run 01JDA2Z9M3"

    assert isinstance(events[-1], RolloutFinished)
    assert events[-1].result is RolloutResult.ROLLED_BACK
    for on in (ALL, "[abort]"):
        assert messages(tmp_path, [*events, end(Outcome.CLOSED)], on) == [
            ("abort", "production", "rolled_back", look)
        ]


def test_whoever_hears_of_closed_gates_alone_hears_of_that_one_too(
    tmp_path: Path,
) -> None:
    events = [*conducted(world(canary=Behaviour(fails=0.3))), end(Outcome.CLOSED)]

    ((event, *_),) = messages(tmp_path, events, "[closed]")

    assert event == "closed"


def test_a_canary_that_is_held_makes_the_run_pending(tmp_path: Path) -> None:
    plan = replace(PLAN, on_deadline=DeadlinePolicy.HOLD)
    events = conducted(world(per_second=0.001, plan=plan))

    assert isinstance(events[-1], RolloutFinished)
    assert events[-1].result is RolloutResult.HELD
    assert messages(tmp_path, [*events, end(Outcome.PENDING)]) == [
        ("pending", None, "pending", "sluice resume 01JDA2Z9M3")
    ]


def test_without_anybody_to_tell_the_observer_is_the_one_given(tmp_path: Path) -> None:
    pipeline = parse_pipeline(TEXT.partition("notify")[0].encode(), "s.yaml")
    source = Source(str(tmp_path), "a" * 40, None, None, (), None)
    subject = subject_of(pipeline, source, "01JDA2Z9M3", tmp_path / "s", PLACE)
    seen = Seen()

    notifier = Notifier(Machine({}), pipeline, tmp_path)

    assert notifier.watch(subject, seen) is seen
    assert list(notifier.finish()) == []


class Refusing(dict[str, str]):
    """A mapping that is broken, in the midst of making a message."""

    @override
    def get(self, *_: object) -> Never:
        raise RuntimeError("https://hooks.example/s3cret")


def test_a_message_that_cannot_be_made_changes_nothing(tmp_path: Path) -> None:
    pipeline = parse_pipeline(TEXT.replace("ON", ALL).encode(), "s.yaml")
    source = Source(str(tmp_path), "a" * 40, None, None, (), None)
    subject = subject_of(pipeline, source, "01JDA2Z9M3", tmp_path / "s", PLACE)
    event = RolloutFinished("canary", RolloutResult.PROMOTED, "why", START)
    seen = Seen()
    with serve_hooks() as hooks:
        notifier = Notifier(Machine({"HOOK": hooks.address}), pipeline, tmp_path)
        broken = replace(subject, environments=Refusing())
        notifier.watch(broken, seen).event(event)
        warnings = notifier.finish()

    assert seen.events == [event]
    assert hooks.bodies == []
    assert list(warnings) == ["nobody was told: RuntimeError"]


def test_lines_and_findings_pass_through(tmp_path: Path) -> None:
    pipeline = parse_pipeline(TEXT.replace("ON", ALL).encode(), "s.yaml")
    source = Source(str(tmp_path), "a" * 40, None, None, (), None)
    subject = subject_of(pipeline, source, "01JDA2Z9M3", tmp_path / "s", PLACE)
    seen = Seen()
    hooks = Hooks(port=1)
    notifier = Notifier(Machine({"HOOK": hooks.address}), pipeline, tmp_path)

    observer = notifier.watch(subject, seen)
    observer.line("build", "step 1")
    observer.findings("build", [FINDING])

    assert seen.lines == [("build", "step 1"), ("build", "tag it")]
