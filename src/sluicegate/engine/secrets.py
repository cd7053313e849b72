"""Giving stages their secrets, and taking back the logins that they were fetched by.

In this order, whatever happens in between:

1. log in, once per provider and attempt, and fetch;
2. hide every value, so that nobody gets one that could be seen;
3. record what is about to be given (`SecretsGiven`);
4. the programs run;
5. end every login, and record how that went (`SecretsRevoked`).

A process that dies leaves logins behind, which end by themselves; the log then holds
the third step and not the fifth.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from sluicegate.engine.secret_rules import (
    Due,
    DueSecret,
    check_told,
    check_value,
    find_due,
    has_secrets,
)
from sluicegate.engine.situation import Situation
from sluicegate.engine.toolbox import Observer, Ports
from sluicegate.errors import (
    ExternalError,
    PermanentError,
    SluicegateError,
    UsageError,
)
from sluicegate.model.event_secrets import (
    SecretEvent,
    SecretsGiven,
    SecretsRevoked,
)
from sluicegate.model.secret import (
    EndedLogin,
    FetchedSecret,
    GivenSecret,
    Purpose,
)
from sluicegate.ports.secrets import SecretLogin
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage, Pipeline

Tell = Callable[[SecretEvent], None]
"""Lets an event happen; it is durable when that returns."""

END_SECONDS = 10.0
"""For how long it is waited for a login to end: a stop must not hang on a provider."""

_LONGEST_PROBLEM = 1000  # characters
_NOTHING_DUE = Due()


def look_up_due(
    named: NamedStage, pipeline: Pipeline, releasing: frozenset[str], ports: Ports
) -> Due:
    """What the stage is given now, in a run that will release into *releasing*.

    Raises:
        PermanentError: it would be given one that the protected branch does not let
            count, or that cannot be told.
        ExternalError: Git fails.
    """
    if not has_secrets(named, pipeline):
        return _NOTHING_DUE
    try:
        refused = ports.refused_secrets()
    except UsageError as error:
        raise PermanentError(
            f"which secrets {named.name} may have cannot be told: {error}",
            hint=error.hint,
        ) from error
    return find_due(named, pipeline, releasing, refused)


class StageSecrets:
    """Fetches secrets for attempts at stages. May be used from any thread.

    *tell* lets events of the run happen; *releasing* are the environments that the run
    will release into, as far as can be told when it is asked.
    """

    def __init__(
        self,
        ports: Ports,
        situation: Situation,
        tell: Tell,
        releasing: Callable[[], frozenset[str]],
        observer: Observer,
    ) -> None:
        self._ports, self._situation = ports, situation
        self.tell, self._releasing = tell, releasing
        self._observer = observer

    def due(self, named: NamedStage) -> Due:
        """What the stage is given now.

        Raises:
            PermanentError: it would be given one that the protected branch does not let
                count, or that cannot be told.
            ExternalError: Git fails.
        """
        releasing = self._releasing() if self._ports.records else frozenset[str]()
        return look_up_due(named, self._situation.pipeline, releasing, self._ports)

    def explain(self, named: NamedStage, due: Due) -> None:
        """Say which secrets the stage runs without, and why."""
        for line in due.left:
            self._observer.line(named.name, line)

    def fetch(
        self, named: NamedStage, due: Sequence[DueSecret], tell: Tell | None = None
    ) -> "Loan":
        """Fetch *due*, and hide them; nobody has them yet. Enter the loan to give them.

        *tell* lets its events happen, by default as those of the run.

        Raises:
            PermanentError: one cannot be given, or no provider knows it.
            ExternalError: a provider fails. Its logins are ended.
        """
        tell = tell or self.tell
        logins: dict[str, SecretLogin] = {}
        try:
            values, given = self._fetch(named, due, logins)
        except BaseException:
            _Ending(named.name, logins, self._ports, tell, self._observer).after_fault()
            raise
        ending = _Ending(named.name, logins, self._ports, tell, self._observer)
        return Loan(values, given, ending)

    def told(
        self, named: NamedStage, events: Sequence[SecretEvent]
    ) -> Sequence[SecretEvent]:
        """What another job says happened to the secrets of the stage, to be recorded.

        Raises:
            PermanentError: the stage may not have what it was given there.
        """
        return check_told(
            named, self._situation.pipeline.secrets, events, self._ports.clock.now()
        )

    def _fetch(
        self,
        named: NamedStage,
        due: Sequence[DueSecret],
        logins: dict[str, SecretLogin],
    ) -> tuple[dict[str, str], tuple[GivenSecret, ...]]:
        values: dict[str, str] = {}
        given: list[GivenSecret] = []
        for each in due:
            try:
                fetched = self._fetch_one(named, each, logins)
            except ExternalError as error:
                said = f"{each.variable} from {each.provider}: {error}"
                raise type(error)(said, hint=error.hint) from error
            self._ports.hide([fetched.value])
            check_value(each, fetched)
            values[each.variable] = fetched.value
            given.append(each.reference(fetched.version))
        return values, tuple(given)

    def _fetch_one(
        self, named: NamedStage, due: DueSecret, logins: dict[str, SecretLogin]
    ) -> FetchedSecret:
        name, use = due.provider, due.use
        try:
            if name not in logins:
                provider = self._ports.secrets(name)
                logins[name] = provider.login(self._purpose(named))
            return logins[name].fetch(use.path, use.field, use.version)
        except UsageError as error:  # a client that is not installed
            raise PermanentError(str(error), hint=error.hint) from error

    def _purpose(self, named: NamedStage) -> Purpose:
        stage, situation = named.stage, self._situation
        environment = stage.environment if isinstance(stage, CanaryStage) else None
        return Purpose(
            situation.pipeline.name, situation.run_id, named.name, environment
        )


@dataclass(frozen=True)
class Loan:
    """Secrets that were fetched. To enter it is to give them, to leave it ends logins.

    Entering raises what recording them does; then they are given to nobody.
    """

    values: Mapping[str, str] = field(repr=False)
    given: tuple[GivenSecret, ...]
    ending: "_Ending"

    def __enter__(self) -> Self:
        if self.given:
            self.ending.give(self.given)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.ending.end()
        else:
            self.ending.after_fault()


@dataclass(frozen=True)
class _Ending:
    """How the *logins* of *stage*, by the names of their providers, come to an end."""

    stage: str
    logins: Mapping[str, SecretLogin]
    ports: Ports
    tell: Tell
    observer: Observer

    def give(self, given: tuple[GivenSecret, ...]) -> None:
        """Record what is about to be given; where that fails, nobody gets it."""
        try:
            self.tell(SecretsGiven(self.stage, given, self.ports.clock.now()))
        except BaseException:
            self.after_fault()
            raise

    def end(self) -> None:
        """End them, and record it: then people see whether one is left.

        Raises:
            what recording does; they are ended.
        """
        if not self.logins:
            return
        ended = end_logins(self.logins)
        self.tell(SecretsRevoked(self.stage, ended, self.ports.clock.now()))

    def after_fault(self) -> None:
        """End them while something else goes wrong, which is what people must see."""
        try:
            self.end()
        except SluicegateError as error:
            self.observer.line(
                self.stage, f"the end of logins is not recorded: {error}"
            )


def end_logins(
    logins: Mapping[str, SecretLogin], seconds: float = END_SECONDS
) -> tuple[EndedLogin, ...]:
    """End all *logins*, by the names of their providers, each within *seconds*.

    It is done beside this thread: one that does not answer is left behind.
    """
    problems: dict[str, str | None] = {}

    def end(name: str, login: SecretLogin) -> None:
        try:
            problem = login.end()
            problems[name] = None if problem is None else problem[:_LONGEST_PROBLEM]
        except Exception as error:  # noqa: BLE001 - said, and in the log
            problems[name] = f"ending it failed: {type(error).__name__}"

    threads = [
        threading.Thread(target=end, args=each, daemon=True) for each in logins.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    silent = f"no answer within {seconds:g} s; it ends by itself"
    return tuple(EndedLogin(name, problems.get(name, silent)) for name in logins)
