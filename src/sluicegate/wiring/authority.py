"""What judges a release: the protected branch, the answers in the log, Git."""

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from typing_extensions import override

from sluicegate.adapters.git_changes import GitChanges
from sluicegate.audit.request_form import format_request, parse_request
from sluicegate.audit.snapshot import read_state
from sluicegate.audit.stable import others_of
from sluicegate.engine.authority import Asker, Authority, Standing
from sluicegate.errors import (
    ExternalError,
    IntegrityError,
    PermanentError,
    UsageError,
)
from sluicegate.gates.rules import Policy
from sluicegate.model.digest import Digest
from sluicegate.model.release_request import Change, ReleaseRequest
from sluicegate.ports.protected import Tip
from sluicegate.stages.environment import Environment
from sluicegate.wiring.answers import Answers
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog

_ACTORS = ("GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR")


@dataclass(frozen=True)
class ProjectAuthority(Authority):
    """Judges releases of *project*, whose log is *log*.

    ``began_at`` is where the protected branch was before any code of the commit ran:
    a program that a stage has started could have moved it. None where nothing ran.
    """

    project: Project
    log: ProjectLog
    began_at: Tip | None = None

    @override
    def policy(self, environment: str) -> Policy:
        policy = self._source.policy(environment, self.project.pipeline)
        now = Tip(policy.branch, policy.commit)
        if self.began_at not in {None, now}:
            raise UsageError(
                f"{now.branch} is at {now.commit[:12]} now, and was not when this"
                " began: whoever has fetched or merged in the meantime has moved it,"
                " or a program that a stage has started",
                hint="see whose commit that is; then `sluice resume` goes by its rules",
            )
        return policy

    def watching(self) -> "ProjectAuthority":
        """The same, which refuses to judge if the protected branch is moved from now.

        Where it cannot be told, it must not come to be, either.
        """
        try:
            tip = self._source.tip()
        except (UsageError, ExternalError):
            tip = Tip("", "")
        return replace(self, began_at=tip)

    @override
    def settings(self, environment: str) -> Environment:
        return self._source.environment(environment)

    @override
    def asker(self) -> Asker:
        origin, remote = self.log.log.head().origin, self.project.source.remote
        return Asker(origin, remote or origin, name_requester(self.project))

    @override
    def standing(self, environment: str, entered: Digest | None = None) -> Standing:
        log = self.log.log
        with self.log.naming():
            state = read_state(log)
            try:
                now = self.log.clock.now()
                read = self._answers.read(state, environment, now, entered=entered)
                answers = tuple(read)
            except UsageError as error:
                raise PermanentError(str(error), hint=error.hint) from error
        return Standing(
            size=state.size,
            answers=answers,
            lock=state.locks.get(environment),
            stable=state.stable,
            used=frozenset(
                each.request
                for each in state.requests.values()
                if each.entered is not None and each.request != entered
            ),
            definitions=self._definitions(),
        )

    @override
    def check_own(self, environment: str) -> None:
        mine = self.project.pipeline.name.partition("_")[0]
        with self.log.naming():
            others = others_of(self.log.log, environment, mine)
        if others:
            raise PermanentError(
                f"what this log calls stable in {environment} may be of another"
                f" service, {', '.join(sorted(others))}: it cannot be told what is new",
                hint="services that share a log need environments of different names,"
                f" like {mine}-{environment}; or give each a log of its own",
            )

    def _definitions(self) -> frozenset[Digest]:
        """The pipeline that is run, if the protected branch has or has had it.

        Raises:
            PermanentError: which branch that is cannot be told.
        """
        mine = self.project.pipeline.definition
        try:
            return frozenset({mine} if self._source.has_had(mine) else ())
        except UsageError as error:
            raise PermanentError(str(error), hint=error.hint) from error

    @override
    def changes(
        self, since: str | None, until: str, *, or_tip: bool
    ) -> Sequence[Change]:
        found = self._git.between(since, until, self._source.paths())
        return found if found or not or_tip else (self._git.one(until),)

    @override
    def pusher(self, commit: str) -> tuple[str, ...]:
        environ = self.project.machine.environ
        pushed = environ.get("GITHUB_EVENT_NAME") == "push"
        by = _accounts(environ, ("GITHUB_ACTOR",)) if pushed else ()
        return (*by, self._git.committer(commit))

    @override
    def identify(self, request: ReleaseRequest) -> Digest:
        return Digest.of(format_request(request))

    @override
    def keep(self, request: ReleaseRequest) -> Digest:
        return self.log.evidence.keep(format_request(request))

    @override
    def load(self, request: Digest) -> ReleaseRequest:
        found = parse_request(self.log.evidence.load(request))
        if self.identify(found) != request:
            raise IntegrityError(f"request {request.hex[:12]} is not what it was")
        return found

    @override
    def new_nonce(self) -> str:
        return secrets.token_hex(16)

    @cached_property
    def _source(self) -> PolicySource:
        return PolicySource(self.project)

    @cached_property
    def _git(self) -> GitChanges:
        return GitChanges(str(self.project.folder), self.project.machine.process)

    @property
    def _answers(self) -> Answers:
        return Answers(Inboxes(self.log.place, self.project.file), self.log.log)


def name_requester(project: Project) -> tuple[str, ...]:
    """Who runs *project* here, by all the names that are known."""
    machine = project.machine
    address = GitChanges(str(project.folder), machine.process).own_address()
    found = (
        f"user:{machine.user}",
        *_user_name(),
        *((address,) if address else ()),
        *_accounts(machine.environ, _ACTORS),
    )
    return tuple(dict.fromkeys(found))


def _accounts(environ: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    """The accounts on the code host that *environ* names."""
    found = (environ.get(name, "") for name in names)
    return tuple(dict.fromkeys(f"github:{each}" for each in found if each))


def _user_name() -> tuple[str, ...]:
    """What this machine calls its user, where it has such a thing."""
    if not hasattr(os, "getuid"):
        return ()
    import pwd  # noqa: PLC0415 - not on Windows

    try:
        return (f"user:{pwd.getpwuid(os.getuid()).pw_name}",)
    except KeyError:
        return ()
