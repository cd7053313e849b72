"""A project on a code host in memory, whose release waits for people there."""

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from audit_writer import new_id
from fakes_code_host import BOB, FACTS, FakeCodeHost
from hosted_runs import APPROVE, HEAD, run_of, said_run
from released import Place, clock_of
from typing_extensions import override

from sluicegate.adapters.process_plain import PlainRunner
from sluicegate.audit.request_form import format_request
from sluicegate.engine.request import digest_evidence
from sluicegate.model.code_host import Account, WorkflowRun
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    Event,
    GateRecord,
    PlannedStage,
    ReleaseRequested,
    RunStarted,
    StageFinished,
    StageStarted,
)
from sluicegate.model.evidence import Evidence
from sluicegate.model.release_request import (
    Artifact,
    ArtifactKind,
    Change,
    ReleaseRequest,
    StageEvidence,
)
from sluicegate.ports.process import ProcessRunner
from sluicegate.wiring.github.answers import (
    TakenIn,
    take_in_all,
    take_in_comment,
    take_in_run,
)
from sluicegate.wiring.github.occasion import Occasion
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.project import Project
from sluicegate.wiring.requests import Requests

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WORKFLOW = "on: workflow_dispatch\n"
PEOPLE = """\
  ann: [ann@acme.org, "github:ann"]
  bob: [bob@acme.org, "github:bob"]
  eve: [eve@acme.org, "github:eve"]
"""
RULES = "{count: 1, from: [ann, bob, eve], by: [signature, dispatch]}"
_PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
audit: {{store: "dir:kept/audit"}}
stages:
  build: {{uses: docker-build, image: churn}}
  canary: {{uses: canary, environment: production}}
people:
{people}services: ["github:acme-ci"]
environments:
  production:
    target: {{uses: docker, port: 8000, publish: 8081}}
    approvals: {rules}
"""


class _Unguarded(Machine):
    """Runs programs as they are: Git alone, which leaves nothing behind."""

    @cached_property
    @override
    def process(self) -> ProcessRunner:
        return PlainRunner(self.stop, self.environ)


@dataclass
class HostedPlace(Place):
    """A `Place` on *host*; who made the commit that waits is ann."""

    host: FakeCodeHost = field(default_factory=FakeCodeHost)
    made: Change = field(
        default_factory=lambda: Change("c" * 40, ("ann@acme.org",), "Retrain")
    )
    asked_at: datetime = field(
        default_factory=lambda: _now() - HOUR  # the approval comes after it
    )

    @classmethod
    def make(
        cls, root: Path, rules: str = RULES, people: str = PEOPLE
    ) -> "HostedPlace":
        """A repository with the workflow on its protected branch, and a log."""
        place = cls(root, clock_of(_now()))
        place.begin()
        place.write_rules(rules, people)
        workflow = place.folder / APPROVE
        workflow.parent.mkdir(parents=True)
        workflow.write_text(WORKFLOW)
        tip = place.commit("begin", "shared/a")
        host = place.host
        host.tips["main"], host.parents[tip] = tip, (HEAD,)
        host.files[APPROVE, HEAD] = WORKFLOW.encode()
        host.roles |= {"ann": "write", "bob": "write", "eve": "admin"}
        return place

    @override
    def copy(self, root: Path) -> "HostedPlace":
        found = super().copy(root)
        assert isinstance(found, HostedPlace)
        return replace(found, host=deepcopy(self.host))

    def write_rules(self, rules: str, people: str = PEOPLE) -> None:
        """Let the pipeline file say so; it still has to be committed."""
        text = _PIPELINE.format(rules=rules, people=people)
        (self.service / "sluicegate.yaml").write_text(text)

    @property
    def machine(self) -> Machine:
        """This machine, with folders of its own. Git needs no guard, and is quicker."""
        return _Unguarded(
            environ={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.home),
                **{
                    f"XDG_{each.upper()}_HOME": str(self.home / each)
                    for each in ("config", "state", "cache")
                },
            },
            given_key=None,
        )

    @property
    def inboxes(self) -> Inboxes:
        """Those of its log."""
        project = Project(self.machine, self.service / "sluicegate.yaml")
        return Inboxes(LogPlace.of_project(project), project.file)

    @property
    def requests(self) -> Requests:
        """What is asked, as the log has it now."""
        return Requests(self.inboxes)

    def ask(self, **changes: Any) -> Digest:  # noqa: ANN401 - fields of a request
        """Ask for a release; the id of the request."""
        project = Project(self.machine, self.service / "sluicegate.yaml")
        policy = PolicySource(project).policy("production")
        log, run_id = self.open_log(), new_id()
        build = _build(self.asked_at)
        request = ReleaseRequest(
            log=log.head().origin,
            repository=f"https://github.com/{FACTS.name}.git",
            environment="production",
            run_id=run_id,
            stage="canary",
            pipeline="churn_release_v1.0",
            definition=project.pipeline.definition,
            commit="c" * 40,
            release="v1.3.0",
            artifacts=(
                Artifact("churn", ArtifactKind.CONFIG, Digest.of(run_id.encode())),
            ),
            evidence=(
                StageEvidence(
                    "build", f"{run_id}/build/1", digest_evidence(build.evidence)
                ),
            ),
            policy=policy.digest,
            policy_branch=policy.branch,
            policy_commit=policy.commit,
            live=None,
            changes=(self.made,),
            requester=("github:acme-ci",),
            pusher=("ann@acme.org",),
            created=self.asked_at,
            expires=self.asked_at + 72 * HOUR,
            nonce=Digest.of(run_id.encode()).hex[:32],
        )
        request = replace(request, **changes)
        found = self.inboxes.place.evidence.keep(format_request(request))
        self._record(run_id, self._events(request, found, build))
        return found

    def _events(
        self, request: ReleaseRequest, found: Digest, build: StageFinished
    ) -> Sequence[Event]:
        planned = (
            PlannedStage("build", "docker-build", ()),
            PlannedStage("canary", "canary", ("build",)),
        )
        began = RunStarted(
            request.pipeline,
            request.definition,
            request.commit,
            "main",
            dirty=False,
            stages=planned,
            start_ts=self.asked_at,
        )
        asked = ReleaseRequested(
            "canary",
            request.environment,
            found,
            request.policy,
            request.created,
            request.expires,
        )
        stages = (StageStarted("build", 1, self.asked_at), build)
        return (began, *stages, StageStarted("canary", 1, self.asked_at), asked)

    def dispatch(
        self,
        request: Digest,
        by: Account = BOB,
        decision: str = "approve",
        *,
        number: int = 31,
        at: datetime | None = None,
        **changes: Any,  # noqa: ANN401 - whatever a run may say
    ) -> WorkflowRun:
        """Let somebody start the approve workflow."""
        title = f"sluice {decision} {request.hex}"
        at = at or self.asked_at + MINUTE
        run = run_of(said_run(number, title, by, at, **changes))
        self.host.workflow_runs.append(run)
        return run

    def take(self, number: int = 31, occasion: Occasion | None = None) -> TakenIn:
        """Take in one run."""
        return take_in_run(self.inboxes, self.host, number, occasion)

    def take_all(self, occasion: Occasion | None = None) -> TakenIn:
        """Take in whatever answers."""
        return take_in_all(self.inboxes, self.host, occasion)

    def take_comment(self, number: int) -> TakenIn:
        """Take in one comment."""
        return take_in_comment(self.inboxes, self.host, number)

    def refuse(self, number: int = 31) -> str:
        """Why one run is not taken in; the log must stay as it is."""
        before = self.open_log().head().size
        (taken,) = self.take(number).answers
        assert taken.event is None
        assert self.open_log().head().size == before
        assert not self.host.dispatches
        return taken.reason

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """The entries of the log of a type, oldest first."""
        log = self.open_log()
        found = [json.loads(data) for _, data in log.entries(0, log.head().size)]
        return [each for each in found if each["type"] == kind]


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _build(at: datetime) -> StageFinished:
    return StageFinished(
        stage="build",
        attempt=1,
        outcome=Outcome.OPEN,
        reason="built",
        gate=GateRecord(Digest.of(b""), Verdict.OPEN, ()),
        evidence=Evidence({"built": True}),
        tools=(),
        subjects=(),
        usage=ResourceUsage(3000),
        start_ts=at,
        end_ts=at,
    )
