"""Unit tests of what a run does with the secrets of its stages."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from fakes import FakeRecord, exited
from fakes_secrets import FakeKeeper, settings
from handed_over import ANNOUNCED, Parcel, begun_with, hand_over, runner_with, take
from run_world import World, outcome, pipeline, stage
from typing_extensions import override

from sluicegate.engine.machine import fold
from sluicegate.engine.secrets import END_SECONDS, Loan, end_logins
from sluicegate.errors import Interrupted, PermanentError, SluicegateError, UsageError
from sluicegate.model.decision import Outcome
from sluicegate.model.event import Event, RunStarted, StageFinished
from sluicegate.model.event_secrets import SecretsGiven, SecretsRevoked
from sluicegate.model.secret import EndedLogin, FetchedSecret, GivenSecret, Purpose
from sluicegate.ports.secrets import SecretLogin
from sluicegate.stages.stage import Retries

VALUE, OTHER = "correct-horse", "battery-staple"
USES = {
    "TOKEN": {"from": "bao", "path": "ml/token", "stages": ["build"]},
    "KEY": {"from": "aws", "path": "ml/key", "field": "k", "stages": ["build"]},
}


class Secret(World):
    """A run whose stage ``build`` is given secrets; ``acts`` is all in its order."""

    def __init__(
        self,
        uses: dict[str, dict[str, Any]] | None = None,
        **more: Any,  # noqa: ANN401 - options of World
    ) -> None:
        stages = more.pop("stages", None) or (
            stage("lint"),
            stage("build", "lint", **more.pop("settings", {})),
            stage("after", "build"),
        )
        made = pipeline(*stages)
        super().__init__(replace(made, secrets=settings(uses or USES)), **more)
        self.acts: list[str] = []
        self.bao = FakeKeeper("bao", {"ml/token": VALUE}, self.acts)
        self.aws = FakeKeeper("aws", {"ml/key": OTHER}, self.acts)
        self.fakes.keepers = {"bao": self.bao, "aws": self.aws}
        self.record = Telling(self.acts)
        self.fakes.process.on_run = self._on_run

    def _on_run(self) -> None:
        self.acts.append(f"run {self.fakes.process.ran[-1].argv[0]}")

    def env(self, program: str) -> dict[str, str]:
        (found,) = [c for c in self.fakes.process.ran if c.argv[0] == program]
        return dict(found.env)

    def of(self, kind: type[Event]) -> list[Any]:
        return [each for each in self.record.all() if isinstance(each, kind)]

    @property
    def end(self) -> StageFinished:
        found: list[StageFinished] = self.of(StageFinished)
        return next(each for each in found if each.stage == "build")


class Telling(FakeRecord):
    """A log that says among other acts what is recorded of secrets."""

    def __init__(self, acts: list[str]) -> None:
        super().__init__()
        self.acts = acts

    @override
    def _check(self, event: Event) -> None:
        super()._check(event)
        if isinstance(event, SecretsGiven | SecretsRevoked):
            self.acts.append(type(event).__name__)


IN_ORDER = [
    "run lint",
    "run after",
    "login bao",
    "fetch bao",
    "login aws",
    "fetch aws",
    "SecretsGiven",
    "run build",
    "run after",
]


def test_secrets_are_recorded_before_the_first_program_and_revoked_after_the_last() -> (
    None
):
    world = Secret()

    assert outcome(world.start()) is Outcome.OPEN

    at = world.acts.index("SecretsRevoked")
    assert world.acts[: at - 2] == IN_ORDER
    assert sorted(world.acts[at - 2 : at]) == ["end aws", "end bao"]
    assert world.acts[at + 1 :] == ["run after", "run after"]
    assert (world.bao.alive, world.aws.alive) == (0, 0)


def test_the_log_says_what_was_given_and_never_a_value() -> None:
    world = Secret()
    world.start()

    (given,), (revoked,) = world.of(SecretsGiven), world.of(SecretsRevoked)
    assert given.secrets == (
        GivenSecret("TOKEN", "bao", "environment", "ml/token", None, "7"),
        GivenSecret("KEY", "aws", "environment", "ml/key", "k", "7"),
    )
    assert revoked.logins == (EndedLogin("bao"), EndedLogin("aws"))
    assert VALUE not in repr(world.record.all())
    assert OTHER not in repr(world.record.all())


def test_the_programs_of_the_stage_get_them_and_no_other_does() -> None:
    world = Secret()
    world.start()

    programs = [c.argv[0] for c in world.fakes.process.ran]
    given = [{"TOKEN", "KEY"} <= c.env.keys() for c in world.fakes.process.ran]
    assert list(zip(programs, given, strict=True)) == [
        ("lint", False),
        ("after", False),
        ("build", True),
        ("after", True),  # the second program of the same stage
        ("after", False),
        ("after", False),
    ]
    assert world.env("build") == {"TOKEN": VALUE, "KEY": OTHER}


def test_every_value_is_hidden_before_anybody_has_it() -> None:
    world = Secret()
    hidden: list[list[str]] = []
    world.fakes.process.on_run = lambda: hidden.append([*world.fakes.hidden])
    world.start()

    assert hidden[:2] == [[], []]
    assert hidden[2] == [VALUE, OTHER]


def test_what_is_given_is_in_the_log_itself_before_anybody_has_it() -> None:
    """The journal may be gone with the machine; the log is not."""
    world = Secret()
    committed: list[bool] = []
    world.fakes.process.on_run = lambda: committed.append(
        any(isinstance(each, SecretsGiven) for each in world.record.log)
    )
    world.start()

    assert committed == [False, False, True, True, True, True]


def test_one_login_serves_all_secrets_of_a_provider_and_says_what_it_is_for() -> None:
    uses = {**USES, "MORE": {**USES["TOKEN"], "path": "ml/more"}}
    world = Secret(uses)
    world.bao.values["ml/more"] = "another-secret"
    world.start()

    assert world.acts.count("login bao") == 1
    assert world.acts.count("fetch bao") == 2
    assert world.bao.purposes == [Purpose("churn_release_v1.0", "R", "build")]


FAULTS = ["login bao", "fetch bao", "login aws", "fetch aws"]


@pytest.mark.parametrize("at", FAULTS)
def test_a_stage_whose_secret_cannot_be_fetched_is_broken_and_runs_nothing(
    at: str,
) -> None:
    world = Secret()
    world.bao.fail_at = world.aws.fail_at = frozenset({at})

    assert outcome(world.start()) is Outcome.BROKEN

    variable, provider = {"bao": ("TOKEN", "bao"), "aws": ("KEY", "aws")}[at[-3:]]
    said = f"{variable} from {provider}: {at} is refused -- ask them"
    assert world.end.reason == said
    assert world.programs() == ["lint"]
    assert world.of(SecretsGiven) == []
    assert (world.bao.alive, world.aws.alive) == (0, 0)
    begun = [name for name in ("bao", "aws") if f"fetch {name}" in world.acts]
    ended = [each.provider for e in world.of(SecretsRevoked) for each in e.logins]
    assert ended == begun


@pytest.mark.parametrize("value", ["", "abc", "ab\0cdefg"])
def test_a_secret_that_cannot_be_hidden_is_given_to_nobody(value: str) -> None:
    world = Secret()
    world.aws.values["ml/key"] = value

    assert outcome(world.start()) is Outcome.BROKEN
    assert "the secret for KEY, from aws (ml/key)," in world.end.reason
    assert world.programs() == ["lint"]
    assert world.bao.alive == 0


def test_a_provider_that_cannot_be_used_here_is_a_broken_stage() -> None:
    world = Secret()

    class Missing(FakeKeeper):
        @override
        def login(self, purpose: Purpose) -> SecretLogin:
            raise UsageError("boto3 is not installed", hint="pip install it")

    world.fakes.keepers["aws"] = Missing("aws")

    assert outcome(world.start()) is Outcome.BROKEN
    said = "KEY from aws: boto3 is not installed -- pip install it"
    assert world.end.reason == said
    assert world.bao.alive == 0


ENDS: dict[str, Exception] = {
    "fails": PermanentError("cannot start"),
    "is interrupted": Interrupted("asked to stop"),
    "raises": ZeroDivisionError("a bug"),
}


@pytest.mark.parametrize("program", ["build", "after"])
@pytest.mark.parametrize("how", ENDS)
def test_logins_end_however_the_stage_does(program: str, how: str) -> None:
    world = Secret(stages=(stage("build"),))
    world.fakes.process.answers[program] = ENDS[how]

    raised: Exception | None = None
    try:
        world.start()
    except (Interrupted, ZeroDivisionError) as error:
        raised = error

    assert raised is (None if how == "fails" else ENDS[how])
    assert (world.bao.alive, world.aws.alive) == (0, 0)
    assert world.of(SecretsRevoked)
    assert world.acts.index("SecretsRevoked") > world.acts.index(f"run {program}")


def test_a_program_that_exits_with_an_error_ends_the_logins_too() -> None:
    world = Secret()
    world.fakes.process.answers["build"] = exited(1)

    assert outcome(world.start()) is Outcome.BROKEN
    assert len(world.of(SecretsRevoked)) == 1
    assert world.bao.alive == 0


@pytest.mark.parametrize("most", range(1, 14))
def test_wherever_the_log_fails_nobody_has_what_is_not_recorded(most: int) -> None:
    """The disk fills up at each of the events in turn."""
    world = Secret()
    world.record.fail_at = most

    try:
        world.start()
    except SluicegateError:
        pass
    else:
        assert most >= len(world.record.all())

    assert (world.bao.alive, world.aws.alive) == (0, 0)
    if "run build" in world.acts:
        assert "SecretsGiven" in world.acts
        assert world.acts.index("SecretsGiven") < world.acts.index("run build")


@pytest.mark.parametrize("length", range(1, 13))
def test_a_run_of_which_the_log_holds_a_part_goes_on_and_logs_in_anew(
    length: int,
) -> None:
    """Its process was killed after each event in turn."""
    world = Secret()
    world.start()
    whole = world.record.all()
    killed = whole[: min(length, len(whole) - 1)]
    world.record.log[:], world.record.journal[:] = killed, []
    world.fakes.process.ran.clear()
    world.acts.clear()

    run = world.resume()

    assert outcome(run) is Outcome.OPEN
    assert fold("R", world.record.all()) == run
    is_done = any(isinstance(e, StageFinished) and e.stage == "build" for e in killed)
    assert world.acts.count("login bao") == (0 if is_done else 1)
    assert ("build" in world.programs()) is not is_done
    assert world.bao.alive == 0


def test_a_login_that_is_left_is_in_the_log_and_fails_nothing() -> None:
    world = Secret()
    world.aws.left = "it lasts until 06:15"

    assert outcome(world.start()) is Outcome.OPEN

    (revoked,) = world.of(SecretsRevoked)
    assert revoked.logins[1] == EndedLogin("aws", "it lasts until 06:15")
    assert revoked in world.observer.events


def test_a_bug_of_a_provider_while_a_login_ends_is_said_and_ends_the_others() -> None:
    world = Secret()

    def bug(act: str) -> None:
        if act == "end bao":
            raise ZeroDivisionError(VALUE)

    world.bao.on_act = bug

    assert outcome(world.start()) is Outcome.OPEN
    (revoked,) = world.of(SecretsRevoked)
    assert revoked.logins[0] == (
        EndedLogin("bao", "ending it failed: ZeroDivisionError")
    )
    assert revoked.logins[1] == EndedLogin("aws")


def test_a_provider_that_does_not_answer_keeps_nobody() -> None:
    released = threading.Event()

    class Silent(SecretLogin):
        @override
        def fetch(
            self, path: str, field: str | None, version: str | None
        ) -> FetchedSecret:
            raise AssertionError

        @override
        def end(self) -> str | None:
            released.wait(60)
            return None

    try:
        (ended,) = end_logins({"bao": Silent()}, seconds=0.01)
    finally:
        released.set()

    assert ended == EndedLogin("bao", "no answer within 0.01 s; it ends by itself")
    assert END_SECONDS == 10


def test_a_reused_result_fetches_nothing() -> None:
    world = Secret()
    world.start()
    again = world.again()
    again.record = Telling(world.acts)
    world.acts.clear()

    assert outcome(again.start()) is Outcome.OPEN
    assert again.programs() == []
    assert not [act for act in world.acts if act.startswith(("login", "Secrets"))]


@pytest.mark.parametrize(
    ("key", "value"),
    [("path", "ml/token2"), ("field", "f"), ("version", "3"), ("from", "aws")],
)
def test_another_secret_is_another_input_and_a_renewed_one_is_not(
    key: str, value: str
) -> None:
    world = Secret()
    world.start()
    changed = settings({**USES, "TOKEN": {**USES["TOKEN"], key: value}})
    for keeper in (world.bao, world.aws):
        keeper.values = {
            "ml/token": "renewed!",
            "ml/token2": "another!",
            "ml/key": OTHER,
        }

    assert world.again().start().finished
    assert world.programs() == []

    again = world.again(replace(world.pipeline, secrets=changed))
    assert outcome(again.start()) is Outcome.OPEN
    assert again.programs()[0] == "build"


def test_each_attempt_logs_in_anew() -> None:
    world = Secret(settings={"retries": Retries(count=2)})
    answers = iter([exited(1), exited(1), exited(0)])
    on_run = world.fakes.process.on_run

    def answer() -> None:
        on_run()
        if world.acts[-1] == "run build":
            world.fakes.process.answers["build"] = next(answers)

    world.fakes.process.on_run = answer

    assert outcome(world.start()) is Outcome.OPEN
    assert len(world.of(SecretsGiven)) == len(world.of(SecretsRevoked)) == 3
    assert world.acts.count("login bao") == 3
    assert world.bao.alive == 0


def test_stages_side_by_side_have_logins_of_their_own() -> None:
    uses = {"TOKEN": {"from": "bao", "path": "ml/token", "stages": ["a", "b"]}}
    world = Secret(uses, stages=(stage("a"), stage("b")), jobs=2)

    assert outcome(world.start()) is Outcome.OPEN
    assert {each.stage for each in world.of(SecretsGiven)} == {"a", "b"}
    assert sorted(each.stage for each in world.bao.purposes) == ["a", "b"]
    assert world.bao.alive == 0


def test_a_secret_of_another_environment_is_left_out_and_the_stage_runs() -> None:
    limited = {**USES["TOKEN"], "environments": ["production"]}
    world = Secret({"TOKEN": limited})

    assert outcome(world.start()) is Outcome.OPEN
    assert world.acts[0] == "run lint"
    assert "login bao" not in world.acts
    assert (
        "build",
        "runs without TOKEN: it is for production, where this run does not release",
    ) in world.observer.lines


def test_a_stage_with_a_secret_that_does_not_count_is_broken() -> None:
    world = Secret()
    world.fakes.refused_secrets = {"TOKEN": "the protected branch does not have it"}

    assert outcome(world.start()) is Outcome.BROKEN
    assert "TOKEN is not given to build: the protected branch" in world.end.reason
    assert "login bao" not in world.acts


def test_a_run_without_secrets_asks_nobody_for_rules() -> None:
    world = World()
    world.fakes.refused_secrets = {"X": "never asked"}

    assert outcome(world.start()) is Outcome.OPEN
    assert isinstance(world.record.all()[0], RunStarted)


def elsewhere(secrets: Secret) -> list[Parcel]:
    return list(hand_over(secrets).values())


def test_a_job_that_hands_over_hands_over_what_it_was_given() -> None:
    there, here = Secret(), Secret()
    parcels = elsewhere(there)

    started = begun_with(here, [ANNOUNCED.digest])
    run = runner_with(here, take(*parcels)).start("R", started)

    assert outcome(run) is Outcome.OPEN
    assert here.acts == ["SecretsGiven", "SecretsRevoked"]  # nothing is fetched here
    for kind in (SecretsGiven, SecretsRevoked):
        assert here.of(kind) == there.of(kind) != []
    assert VALUE not in repr(parcels)


def test_a_job_cannot_say_that_it_was_given_what_the_file_does_not_give() -> None:
    there, here = Secret(), Secret()
    (lint, build, after) = elsewhere(there)
    given = there.of(SecretsGiven)[0]
    other = replace(given.secrets[0], path="ml/other")
    lie = build.but(secrets=(replace(given, secrets=(other,)),))

    started = begun_with(here, [ANNOUNCED.digest])
    run = runner_with(here, take(lint, lie, after)).start("R", started)

    assert outcome(run) is Outcome.BROKEN
    assert "it says that it was given another secret as TOKEN" in here.end.reason
    assert here.of(SecretsGiven) == []


def test_of_a_stage_that_could_not_get_its_secret_that_is_handed_over() -> None:
    there, here = Secret(), Secret()
    there.aws.fail_at = frozenset({"fetch aws"})
    parcels = elsewhere(there)

    started = begun_with(here, [ANNOUNCED.digest])
    run = runner_with(here, take(*parcels)).start("R", started)

    assert outcome(run) is Outcome.BROKEN
    assert "fetch aws is refused" in here.end.reason
    assert here.acts == ["SecretsRevoked"]


def test_what_was_fetched_is_not_in_what_describes_it() -> None:
    given = GivenSecret("TOKEN", "bao", "vault", "ml/token")

    shown = repr(Loan({"TOKEN": VALUE}, (given,), ending=None))  # type: ignore[arg-type]  # nothing is ended

    assert "ml/token" in shown
    assert VALUE not in shown
