"""What somebody has to see before they answer a release request.

The log says what was found, the protected branch what it takes, and this clone what has
changed. What cannot be told here is said to be unknown; only what was tampered with
stops anybody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sluicegate.adapters.git_difference import GitDifference
from sluicegate.audit.recent_releases import read_newest
from sluicegate.config.github.service_input import find_service
from sluicegate.errors import (
    ExternalError,
    MissingError,
    SluicegateError,
    UsageError,
)
from sluicegate.model.decision import Verdict
from sluicegate.model.deployment import Deployment
from sluicegate.model.difference import Difference
from sluicegate.model.digest import Digest
from sluicegate.model.model_manifest import parse_manifest
from sluicegate.model.policy import ApprovalRule, Way
from sluicegate.model.release_notes import NoNotes
from sluicegate.model.release_request import Answer, Approval, ArtifactKind
from sluicegate.report.models import ShownModel
from sluicegate.report.moment import format_moment
from sluicegate.report.request import Given, RequestView, Standing
from sluicegate.report.unusual import Backdrop, find_unusual
from sluicegate.wiring.request_judging import Judging, Signer
from sluicegate.wiring.requests import Found, Requests


@dataclass(frozen=True)
class Viewer:
    """Looks at the request *found*, for *signer* if that is known."""

    requests: Requests
    found: Found
    signer: Signer | None = None

    @cached_property
    def judging(self) -> Judging:
        """How it would be judged now."""
        return Judging(self.requests, self.found)

    def view(self) -> RequestView:
        """Gather what is known.

        Raises:
            IntegrityError: the log, the request or its evidence are not what they were.
            ExternalError: the log cannot be read.
        """
        request, policy = self.found.request, self.judging.policy
        standing, because = self.standing()
        is_open = standing in {Standing.OPEN, Standing.UNKNOWN}
        return RequestView(
            id=self.found.id,
            request=request,
            standing=standing,
            because=because,
            stages=self.judging.run[1],
            difference=self._difference,
            answers=tuple(self._answers()),
            missing=self.missing() if is_open else (),
            unusual=find_unusual(request, self._backdrop()) if is_open else (),
            resume=f"sluice resume {request.run_id}",
            is_stale=is_open and self._is_stale,
            judged=() if policy is None else policy.reads,
            workflow=self._workflow,
            can_sign=self._can_sign,
            service=self._service,
            models=tuple(self._models()),
        )

    def row(self) -> RequestView:
        """What a list says: no more than how it stands.

        Raises:
            IntegrityError: as for `view`.
            ExternalError: as for `view`.
        """
        standing, because = self.standing()
        is_open = standing is Standing.OPEN
        return RequestView(
            id=self.found.id,
            request=self.found.request,
            standing=standing,
            because=because,
            answers=tuple(self._answers()) if is_open else (),
            missing=self.missing() if is_open else (),
            resume=f"sluice resume {self.found.request.run_id}",
            is_stale=is_open and self._is_stale,
            workflow=self._workflow if is_open else "",
            can_sign=not is_open or self._can_sign,
            service=self._service if is_open else "",
        )

    @property
    def _rules(self) -> list[ApprovalRule]:
        """What each layer asks of people."""
        layers = () if self.judging.policy is None else self.judging.policy.layers
        return [each.approvals for each in layers if each.approvals is not None]

    @property
    def _workflow(self) -> str:
        """The workflow that somebody may start to answer; empty for none."""
        ways = (rule.workflow for rule in self._rules if Way.DISPATCH in rule.by)
        return next(ways, "")

    @cached_property
    def _service(self) -> str:
        """What that workflow calls the project; empty if it does not ask."""
        inboxes = self.requests.inboxes
        if not self._workflow or inboxes.repository is None:
            return ""
        path = inboxes.repository / ".github" / "workflows" / self._workflow
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""  # it is not in this checkout
        config = inboxes.folder / inboxes.file.name
        return find_service(text, config.relative_to(inboxes.repository).as_posix())

    @property
    def _can_sign(self) -> bool:
        """Whether a signature counts for anybody who asks."""
        return not self._rules or any(Way.SIGNATURE in rule.by for rule in self._rules)

    @property
    def _is_stale(self) -> bool:
        policy = self.judging.policy
        return policy is not None and policy.digest != self.found.request.policy

    @property
    def needs_reason(self) -> bool:
        """Whether the rules want a reason for a yes."""
        layers = () if self.judging.policy is None else self.judging.policy.layers
        return any(one.approvals and one.approvals.reason_required for one in layers)

    def standing(self) -> tuple[Standing, str]:
        """What an answer can still do, and because of what."""
        entry = self.found.entry
        expires = self.found.request.expires
        if entry is None and expires <= self.requests.now:
            return Standing.EXPIRED, f"on {format_moment(expires)}"
        if entry is None:
            return Standing.UNKNOWN, "no log is here that would tell"
        standing, because = self.requests.standing(entry)
        if standing is not Standing.OPEN:
            return standing, because
        decision, answers = self.judging.decision, self.judging.answers
        rejected = [
            given
            for given in answers or ()
            if given.request == self.found.id
            and given.answer is Answer.REJECT
            and not given.flaw
        ]
        if rejected and decision is not None and decision.verdict is Verdict.CLOSED:
            who = self.judging.name(rejected[0].identities)
            return Standing.REJECTED, f"{who} said no: {rejected[0].reason}"
        return standing, because

    def missing(self) -> tuple[str, ...]:
        """Who or what is still missing, a line each."""
        if self.judging.decision is not None:
            return self.judging.decision.missing
        why = "; ".join(self.judging.trouble)
        return (f"who must approve cannot be told here: {why}",)

    def missing_after(self) -> tuple[str, ...] | None:
        """What is still missing once the signer has said yes; None if not known."""
        decision = self.judging.judge_with(self.signer)
        return None if decision is None else decision.missing

    def _models(self) -> Iterator[ShownModel]:
        """The models that are released, by the files that the request is bound to.

        Raises:
            IntegrityError: a list of files is not the one that is asked about.
        """
        for artifact in self.found.request.artifacts:
            if artifact.kind is not ArtifactKind.MODEL:
                continue
            try:
                data = self.requests.place.evidence.load(artifact.digest)
            except (MissingError, ExternalError):
                yield ShownModel(artifact.name, artifact.digest, None)
                continue
            manifest = parse_manifest(data)
            yield ShownModel(artifact.name, artifact.digest, manifest)

    def _answers(self) -> Iterator[Given]:
        for each in self.judging.answers or ():
            if each.request == self.found.id:
                who = self.judging.name(each.identities) or each.key
                flaw = each.flaw or self.judging.ignored.get(each.statement, "")
                how = _say_how(each)
                yield Given(who, each.answer, each.reason, each.recorded, flaw, how=how)
        yield from self.requests.waiting.get(self.found.id, ())

    @cached_property
    def _git(self) -> GitDifference | None:
        inboxes = self.requests.inboxes
        if inboxes.repository is None:
            return None
        return GitDifference(str(inboxes.folder), self.requests.place.machine.process)

    @cached_property
    def _difference(self) -> Difference | NoNotes | None:
        request = self.found.request
        if request.live is None:
            return None
        if self._git is None:
            return NoNotes("no clone of the repository is here")
        try:
            return self._git.between(request.live.commit, request.commit)
        except SluicegateError as error:
            return NoNotes(str(error))

    def _backdrop(self) -> Backdrop:
        request, judging = self.found.request, self.judging
        policy, decision, live = judging.policy, judging.decision, self._live()
        run, stages = judging.run
        signer = () if self.signer is None else judging.objections(self.signer)
        found, known = self._difference, self.requests.signers
        return Backdrop(
            now=self.requests.now,
            run=run,
            stages=stages,
            canaries=judging.canaries,
            live_run=None if live is None else live.run,
            live_stages=() if live is None else live.stages,
            protected=self._protected,
            is_protected=None
            if policy is None or self._git is None
            else self._git.is_ancestor(request.commit, policy.commit),
            policy=None if policy is None else policy.digest,
            people=() if policy is None else [one.people for one in policy.layers],
            signers=frozenset() if known is None else known.names,
            conditions=() if decision is None else decision.conditions,
            overrides=self._overrides,
            others=self._others,
            signer=tuple(signer),
            difference=found if isinstance(found, Difference) else None,
        )

    @property
    def _overrides(self) -> list[str]:
        """What is open still of overrides there."""
        if self.requests.log is None:
            return []
        return [
            f"{each.override[-8:]}, by {', '.join(each.by)}"
            for each in self.requests.state.overrides.values()
            if each.environment == self.found.request.environment
        ]

    @property
    def _others(self) -> list[str]:
        """The further requests that wait for the same environment."""
        if self.found.entry is None:
            return []
        rejected = self.requests.rejected
        return [
            each.request.short
            for each in self.requests.open
            if each.environment == self.found.request.environment
            and each != self.found.entry
            and each.request not in rejected
        ]

    def _live(self) -> Deployment | None:
        """What is live there, with what its stages found."""
        log, environment = self.requests.log, self.found.request.environment
        if log is None or self.found.request.live is None:
            return None

        def is_live(row: Deployment) -> bool:
            return row.live and row.environment == environment

        rows, _ = read_newest(log, lambda rows: any(map(is_live, rows)))
        return next((row for row in reversed(rows) if is_live(row)), None)

    @cached_property
    def _protected(self) -> Digest | None:
        """The definition of the pipeline at the protected branch, as far as known."""
        try:
            return self.judging.source.definition()
        except (UsageError, ExternalError):
            return None


def _say_how(given: Approval) -> str:
    """How somebody answered, if not with a signature."""
    if given.way is Way.SIGNATURE:
        return ""
    what = "review, nobody's yes" if given.way is Way.REVIEW else given.way.value
    return f"{what}: {given.url}" if given.url else what
