"""Which secrets an attempt at a stage is given, by the pipeline file. Pure.

A secret that is for some environments alone is given to a canary stage that releases
into one of them, and to any other stage only in a run that will.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sluicegate.engine.selection import upstream
from sluicegate.engine.situation import Situation
from sluicegate.engine.whens import is_left_out
from sluicegate.errors import PermanentError
from sluicegate.model.decision import Outcome
from sluicegate.model.event_secrets import SecretEvent, SecretsGiven, SecretsRevoked
from sluicegate.model.run import Phase, Run
from sluicegate.model.secret import FetchedSecret, GivenSecret
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import NamedStage, Pipeline
from sluicegate.stages.secrets.own import own_variables
from sluicegate.stages.secrets.settings import Secrets, SecretUse

_SHORTEST = 4  # characters; a shorter one stands in too many words to be hidden
_LONGEST = 128 * 1024  # bytes with its name: what Linux lets a variable be
_MERGE = (
    "what gives a secret to some environments alone is read from the protected branch:"
    " merge it there first"
)


@dataclass(frozen=True, slots=True)
class DueSecret:
    """A secret that a stage is to get; ``kind`` is what its provider is."""

    variable: str
    use: SecretUse
    kind: str

    @property
    def provider(self) -> str:
        """Who keeps it, by the name in the pipeline file."""
        return self.use.from_

    def reference(self, version: str | None = None) -> GivenSecret:
        """All that may be known of it: of *version*, by default the one asked for."""
        use = self.use
        version = version or use.version
        return GivenSecret(
            self.variable, use.from_, self.kind, use.path, use.field, version
        )


@dataclass(frozen=True, slots=True)
class Due:
    """What a stage is given now.

    ``given`` goes to its programs, ``own`` is what sluicegate reads for it. ``left``
    says of each other secret of the stage why it is not given.
    """

    given: tuple[DueSecret, ...] = ()
    own: tuple[DueSecret, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def references(self) -> tuple[GivenSecret, ...]:
        """Of all that is given, and as far as the pipeline file names a version."""
        return tuple(each.reference() for each in (*self.given, *self.own))


def has_secrets(named: NamedStage, pipeline: Pipeline) -> bool:
    """Whether any secret is for the stage, in whatever run, or it names a login."""
    return any(
        named.name in use.stages for use in pipeline.secrets.use.values()
    ) or bool(own_variables(named.stage, pipeline.environments))


def find_due(
    named: NamedStage,
    pipeline: Pipeline,
    releasing: Collection[str],
    refused: Mapping[str, str],
) -> Due:
    """What the stage is given in a run that will release into *releasing*.

    *refused* says of variables why the protected branch does not let them count.

    Raises:
        PermanentError: it would be given one of those.
    """
    stage, secrets = named.stage, pipeline.secrets
    if isinstance(stage, CanaryStage):
        releasing = {stage.environment}
    read_here = own_variables(stage, pipeline.environments)
    for variable in sorted(read_here - secrets.use.keys()):
        if variable in refused:
            raise PermanentError(
                f"{named.name} may not read {variable}: {refused[variable]}",
                hint=_MERGE,
            )
    found, left = [], []
    for variable, use in secrets.use.items():
        if named.name not in use.stages:
            continue
        if use.environments and not set(use.environments) & set(releasing):
            left.append(_why_left(variable, use))
            continue
        if variable in refused:
            raise PermanentError(
                f"{variable} is not given to {named.name}: {refused[variable]}",
                hint=_MERGE,
            )
        found.append(DueSecret(variable, use, secrets.providers[use.from_].uses))
    return Due(
        tuple(each for each in found if each.variable not in read_here),
        tuple(each for each in found if each.variable in read_here),
        tuple(left),
    )


def _why_left(variable: str, use: SecretUse) -> str:
    places = " and ".join(use.environments)
    return (
        f"runs without {variable}: it is for {places}, where this run does not release"
    )


def find_releasing(
    names: Iterable[str], is_over: Callable[[str], bool], situation: Situation
) -> frozenset[str]:
    """The environments that a run of the stages *names* will release into.

    Not those of a stage that *is_over* says will not run any more, or that its own
    condition leaves out whatever comes, or that needs one of those.
    """
    pipeline = situation.pipeline

    def will_not_open(name: str) -> bool:
        when = pipeline.stage(name).when
        return is_over(name) or (when is not None and is_left_out(when, situation))

    return frozenset(
        stage.environment
        for name in names
        if isinstance(stage := pipeline.stage(name).stage, CanaryStage)
        and not any(map(will_not_open, (name, *upstream(pipeline, name))))
    )


def releasing_of(run: Run, situation: Situation) -> frozenset[str]:
    """The environments that *run* will release into, as far as can be told now."""
    over = {
        state.name
        for state in run.stages
        if state.phase is Phase.SKIPPED or state.outcome is Outcome.CLOSED
    }
    names = [state.name for state in run.stages]
    return find_releasing(names, over.__contains__, situation)


def check_value(due: DueSecret, fetched: FetchedSecret) -> None:
    """See to it that a secret can be given, and hidden.

    Raises:
        PermanentError: it cannot.
    """
    value, variable = fetched.value, due.variable
    where = f"the secret for {variable}, from {due.provider} ({due.use.path}),"
    if not value.strip():
        raise PermanentError(f"{where} is empty", hint="put the secret there")
    if "\0" in value:
        raise PermanentError(
            f"{where} holds a zero byte, which no variable can",
            hint="keep it in base64 there, and let the stage decode it",
        )
    if len(value.strip()) < _SHORTEST:
        raise PermanentError(
            f"{where} has less than {_SHORTEST} characters: what is that short cannot"
            " be hidden in what programs print",
            hint="use a longer one; what is no secret belongs into the stage's `env:`",
        )
    size = len(f"{variable}={value}\0".encode("utf-8", "surrogatepass"))
    if size > _LONGEST:
        raise PermanentError(
            f"{where} takes {size} bytes, and a variable has room for {_LONGEST}",
            hint="keep there what opens the file, and fetch the file in the stage",
        )


def check_told(
    named: NamedStage, secrets: Secrets, events: Sequence[SecretEvent], now: datetime
) -> Sequence[SecretEvent]:
    """What another job says happened to the secrets of *named*, none later than *now*.

    Raises:
        PermanentError: the pipeline file does not let the stage have what was given.
    """
    uses = {v: use for v, use in secrets.use.items() if named.name in use.stages}
    for event in events:
        if event.stage != named.name:
            raise PermanentError(f"it tells of secrets of {event.stage[:60]!r}")
        match event:
            case SecretsGiven():
                for secret in event.secrets:
                    _check_may_have(secret, uses.get(secret.variable), named, secrets)
            case SecretsRevoked():
                names = {each.provider for each in event.logins}
                if not names <= {use.from_ for use in uses.values()}:
                    raise _not_for(named, "a login")
    # Clocks of machines differ a little.
    return [replace(event, at=min(event.at, now)) for event in events]


def _check_may_have(
    told: GivenSecret, use: SecretUse | None, named: NamedStage, secrets: Secrets
) -> None:
    if use is None:
        raise _not_for(named, f"a secret as {told.variable[:100]}")
    kind = secrets.providers[use.from_].uses
    meant = DueSecret(told.variable, use, kind).reference(told.version)
    if meant != told or use.version not in {None, told.version}:
        raise _not_for(named, f"another secret as {told.variable[:100]}")


def _not_for(named: NamedStage, what: str) -> PermanentError:
    return PermanentError(
        f"it says that it was given {what}, which the pipeline file does not give to"
        f" {named.name}",
        hint="name one pipeline file in all jobs, and change it in none",
    )
