"""Looking at what approvals need: rules, keys, people, the clone. Nothing is written.

No network is used, and no key of the log: what is said is as new as the clone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sluicegate.adapters.git_changes import GitChanges
from sluicegate.adapters.search import find_programs
from sluicegate.adapters.ssh_trial import LineTrial
from sluicegate.audit.reader import LogReader
from sluicegate.audit.snapshot import read_state
from sluicegate.audit.statements.judging import AllowedSigners
from sluicegate.audit.statements.predicates import APPROVAL_NAMESPACE
from sluicegate.config.document import SIGNERS
from sluicegate.config.policy import PolicyText, read_extended
from sluicegate.errors import SluicegateError, TransientError
from sluicegate.gates.human import Humans
from sluicegate.gates.readiness import (
    Ground,
    judge_override_reach,
    judge_reach,
)
from sluicegate.gates.rules import Policy, Rules
from sluicegate.model.policy import Way, normalise
from sluicegate.report.checkup import Check, State
from sluicegate.report.moment import format_moment
from sluicegate.report.readiness import Asked, Signers, approval_checks, key_checks
from sluicegate.wiring.authority import name_requester
from sluicegate.wiring.checkup_keys import Keys, find_keys
from sluicegate.wiring.checkup_user import UserCheckup
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.project import Project


@dataclass(frozen=True)
class PeopleCheckup:
    """What *project* needs to have its releases approved; *log* is None without one."""

    project: Project
    log: LogReader | None

    def checks(self) -> Iterator[Check]:
        """Everything; nothing where no environment asks for people."""
        found = self._policies
        if isinstance(found, SluicegateError):
            if any(self._asking_here) or self._extends:
                yield _missing("rules", found)
            return
        policies = [each for each in found.values() if isinstance(each, Policy)]
        asking = [each for each in policies if each.needs_people]
        broken = {
            name: each
            for name, each in found.items()
            if isinstance(each, SluicegateError)
        }
        if asking:
            yield _rules(asking)
        for name, error in broken.items():
            yield _missing(f"rules of {name}", error)
        if asking:
            yield self._history()
            yield from self._people(asking)
            yield from self._standing()

    @cached_property
    def _policies(self) -> "Mapping[str, Policy | SluicegateError] | SluicegateError":
        """The rules of each environment there, and of those here that ask for people.

        What cannot be told of an environment that asks for nobody is no matter here.
        """
        source = PolicySource(self.project, fetches=False)
        found: dict[str, Policy | SluicegateError] = {}
        try:
            there = source.pipeline().environments
        except SluicegateError as error:
            return error
        for name in dict.fromkeys((*there, *self._asking_here)):
            try:
                found[name] = source.policy(name)
            except SluicegateError as error:
                asks = name not in there or there[name].approvals is not None
                if asks or self._extends:
                    found[name] = error
        return found

    @property
    def _asking_here(self) -> list[str]:
        """The environments that ask for people in the work tree."""
        here = self.project.pipeline.environments
        return [name for name, each in here.items() if each.approvals is not None]

    @cached_property
    def _extends(self) -> bool:
        """Whether a policy that is not in the file may ask for people."""
        try:
            data = self.project.file.read_bytes()
        except OSError:
            return False  # the pipeline was found rather than written
        return bool(read_extended(PolicyText(str(self.project.file), data)))

    def _history(self) -> Check:
        git = GitChanges(str(self.project.folder), self.project.machine.process)
        try:
            is_shallow = git.is_shallow()
        except SluicegateError as error:
            return _missing("history", error)
        if is_shallow:
            return Check(
                "history",
                State.MISSING,
                where="this clone is shallow: nobody can say who made what is released",
                advice="`git fetch --unshallow` (actions/checkout: `fetch-depth: 0`)",
            )
        return Check("history", State.FOUND, where="the whole of it")

    def _people(self, policies: list[Policy]) -> Iterator[Check]:
        environ = self.project.machine.environ
        program = next(find_programs("ssh-keygen", environ), None)
        now = self.project.machine.clock.now()
        trial = LineTrial(environ, APPROVAL_NAMESPACE, now)
        try:
            trial.check()
        except SluicegateError as error:
            yield _missing("ssh-keygen", error)
            return
        yield Check("ssh-keygen", State.FOUND, where=str(program))
        try:
            allowed = self._inboxes.read_signers()
        except SluicegateError as error:
            if any(map(_needs_keys, policies)):
                yield _missing("signers", error)
                return
            allowed = AllowedSigners("", SIGNERS)
        path, _, _ = allowed.where.rpartition("@")
        signers = Signers(path, policies[0].branch)
        names = f"{len(allowed.names)} names"
        yield Check("signers", State.FOUND, names, f"{path} at {signers.branch}")
        requester = name_requester(self.project)
        asked = list(self._ask(policies, allowed, trial, requester))
        yield from approval_checks([each for each, _, _ in asked], signers)
        yield from key_checks([each for each, _, _ in asked], signers)
        user = UserCheckup(self.project, self._inboxes, requester, signers)
        yield from user.checks(asked)

    def _ask(
        self,
        policies: list[Policy],
        allowed: AllowedSigners,
        trial: LineTrial,
        requester: tuple[str, ...],
    ) -> Iterator[tuple[Asked, Rules, Ground]]:
        """What each file asks of people, and how far it can be given."""
        layers = [layer for policy in policies for layer in policy.layers]
        wanted = frozenset(each for layer in layers for each in _wanted(layer))
        keys = find_keys(allowed, wanted, trial)
        for policy in policies:
            humans = Humans.known_to(layer.people for layer in policy.layers)
            for layer in policy.layers:
                if layer.approvals is None:
                    continue
                ground = _ground(layer, humans, keys)
                rule, glass = layer.approvals, layer.override
                asked = Asked(
                    environment=policy.environment,
                    source=layer.source,
                    people=layer.people,
                    count=rule.count,
                    allowed=rule.allowed,
                    reach=judge_reach(rule, ground),
                    own=judge_reach(rule, ground, requester),
                    glass=judge_override_reach(glass, ground) if glass else None,
                )
                yield asked, layer, ground

    @cached_property
    def _inboxes(self) -> Inboxes:
        return Inboxes(LogPlace.of_project(self.project), self.project.file)

    def _standing(self) -> Iterator[Check]:
        """What the log says is in the way, or waits to be looked into."""
        if self.log is None:
            return
        try:
            state = read_state(self.log)
        except SluicegateError as error:
            yield _missing("locks", error)
            return
        for name, lock in sorted(state.locks.items()):
            since, reason = format_moment(lock.since_ts), " ".join(lock.reason.split())
            yield Check(
                f"lock of {name}",
                State.WARNING,
                where=f"by {lock.by} since {since}: {reason}",
                advice=f"once that is over, `sluice unlock {name} --reason TEXT`",
            )
        for each in state.overrides.values():
            by, at = ", ".join(each.by) or "somebody", format_moment(each.at)
            yield Check(
                f"override of {each.environment}",
                State.WARNING,
                where=f"by {by}, {at}, run {each.run_id}: nobody has looked into it",
                advice=f"then `sluice overrides close {each.override} --reason TEXT`",
            )


def _rules(asking: list[Policy]) -> Check:
    names = ", ".join(each.environment for each in asking)
    first = asking[0]
    fetched = " as last fetched" if first.branch.startswith("refs/remotes/") else ""
    where = f"{first.layers[0].source}{fetched}: people must approve {names}"
    return Check("rules", State.FOUND, first.commit[:12], where)


def _needs_keys(policy: Policy) -> bool:
    """Whether there is anything that nothing but a signature is good for."""
    return any(
        layer.override is not None
        or (layer.approvals is not None and layer.approvals.by == {Way.SIGNATURE})
        for layer in policy.layers
    )


def _missing(name: str, error: SluicegateError) -> Check:
    state = State.WARNING if isinstance(error, TransientError) else State.MISSING
    return Check(name, state, where=str(error), advice=error.hint or "")


def _wanted(layer: Rules) -> Iterator[str]:
    """Who may approve or override in *layer*, by all their names."""
    for rule in (layer.approvals, layer.override):
        for name in rule.allowed if rule is not None else ():
            yield normalise(name)
            yield from map(normalise, layer.people.identities.get(name, ()))


def _ground(layer: Rules, humans: Humans, keys: Keys) -> Ground:
    return Ground(layer.people, humans, keys.holders, keys.flaws)
