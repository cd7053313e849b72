"""Breaking the glass: a person overrides an entry gate, signs that, and it is recorded.

The signature is made where the run is, and taken into the log at once as any other
signed statement is: whether it counts, the entry gate judges, by the protected branch.
"""

import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sluicegate.adapters.inboxes.folder import FolderInbox
from sluicegate.audit.statements.predicates import Answering
from sluicegate.audit.statements.statement import Subject
from sluicegate.errors import PermanentError, UsageError
from sluicegate.gates.rules import Policy
from sluicegate.model.digest import Digest
from sluicegate.model.hold import MAX_REASON
from sluicegate.model.policy import normalise
from sluicegate.model.release_request import Answer, ReleaseRequest
from sluicegate.wiring.absorbing import Absorption
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog
from sluicegate.wiring.signing import read_signer
from sluicegate.wiring.stating import Stating

REQUEST = "release-request"
"""What a request is called among the subjects of an answer."""

_WAITS = timedelta(hours=1)  # it is taken in at once, or not at all


def _nothing() -> None:
    """Prepare nothing."""


@dataclass(frozen=True)
class Override:
    """Somebody's wish to break the glass, for *reason*, signed with *key*.

    *prepare* is called before the person may be asked for a passphrase or a touch.
    """

    reason: str
    key: Path | None = None
    prepare: Callable[[], None] = field(default=_nothing, compare=False)

    def __post_init__(self) -> None:
        if not 0 < len(self.reason.strip()) <= MAX_REASON:
            raise UsageError(
                f"--override must say why, in at most {MAX_REASON} characters"
            )


@dataclass(frozen=True)
class GlassBreaker:
    """Signs overrides of the entry gates of *project*, as *override* asks."""

    project: Project
    log: ProjectLog
    override: Override

    def check(self, environments: Collection[str]) -> None:
        """See to it, before anything runs, that an override may count at all.

        Raises:
            UsageError: there is no key to sign with, nothing to override, or the rules
                of one of *environments* do not name whoever signs.
            ExternalError: Git fails.
        """
        if not environments:
            raise UsageError("no stage of this run enters an environment")
        if not any(map(str.isalnum, self.override.reason)):
            raise UsageError(
                "an override needs a reason in words",
                hint="whoever looks into it later has nothing else to go by",
            )
        signer = read_signer(self._stating("").find_key(), self._inboxes)
        names = None if signer is None else signer.names
        for environment in environments:
            policy = PolicySource(self.project).policy(environment)
            _check_rules(policy, names)

    def __call__(self, request_id: Digest, request: ReleaseRequest) -> None:
        """Sign an override of *request*, and record it.

        Raises:
            UsageError: it cannot be signed.
            PermanentError: it was refused.
            ExternalError: whether it is recorded is unknown.
        """
        self.override.prepare()
        answering = Answering(
            request_id,
            request.environment,
            Answer.OVERRIDE,
            self.override.reason.strip(),
        )
        subjects = (
            Subject(REQUEST, request_id),
            *(Subject(each.name, each.digest) for each in request.artifacts),
        )
        with tempfile.TemporaryDirectory(prefix="sluicegate-") as folder:
            inbox = FolderInbox(Path(folder))
            left = self._stating(request.log).leave(answering, _WAITS, inbox, subjects)
            absorption = Absorption(self._inboxes, self.log.log_recorder)
            outcomes = absorption.absorb((inbox,))
        refused = [
            one.reason
            for one in outcomes
            if one.statement == left.digest and one.reason
        ]
        if refused:
            raise PermanentError(f"the override was refused: {refused[0]}")

    @property
    def _inboxes(self) -> Inboxes:
        return Inboxes(self.log.place, self.project.file)

    def _stating(self, origin: str) -> Stating:
        project = self.project
        return Stating(project.machine, project.folder, origin, self.override.key)


def _check_rules(policy: Policy, names: tuple[str, ...] | None) -> None:
    """Refuse an override that could never count. *names* is None if unknown."""
    for layer in policy.layers:
        if not layer.asks_for_something:
            continue
        if layer.override is None:
            raise UsageError(
                f"{layer.source} lets nobody override the rules of"
                f" {policy.environment}",
                hint="`override: {from: [...]}` of the environment names who may, on"
                " the protected branch",
            )
        if names is None:
            continue
        people = layer.people.named(names)
        may = set(map(normalise, layer.override.allowed))
        if not any(normalise(person) in may for person in people):
            who = ", ".join(sorted(people)) or "the key of nobody in allowed_signers"
            raise UsageError(
                f"{who} may not override the rules of {policy.environment}"
                f" ({layer.source})",
                hint=f"these may: {', '.join(sorted(layer.override.allowed))}",
            )
