"""A release request, and what people say to it, for tests of the entry gate."""

from datetime import UTC, datetime, timedelta

from sluicegate.gates.approvals import Hearing
from sluicegate.gates.entry import EntryDecision, EntryFacts, judge_entry
from sluicegate.gates.human import Humans
from sluicegate.gates.rules import Policy, Rules
from sluicegate.model.digest import Digest
from sluicegate.model.policy import ApprovalRule, Group, OverrideRule, People
from sluicegate.model.release_request import (
    Answer,
    Approval,
    Artifact,
    ArtifactKind,
    Change,
    ReleaseRequest,
)


def digest_of(text: str) -> Digest:
    """A digest that stands for *text*."""
    return Digest.of(text.encode())


HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
REQUEST_ID = digest_of("the request")
POLICY_ID = digest_of("the policy")

PEOPLE = People(
    {
        "ann": frozenset({"ann@acme.org", "github:ann"}),
        "bob": frozenset({"bob@acme.org", "bob@home.example"}),
        "dan": frozenset({"dan@acme.org"}),
        "eve": frozenset({"eve@acme.org"}),
    },
    frozenset({"deploy@acme.org", "github:ci"}),
)
LEADS = Group("ml-leads", frozenset({"ann", "bob", "eve"}))
SECURITY = Group("security", frozenset({"eve", "dan"}))
EVERYBODY = frozenset({"ann", "bob", "dan", "eve"})

REQUEST = ReleaseRequest(
    log="log.example/acme",
    repository="https://git.example/acme/churn",
    environment="production",
    run_id="01JDA00000000000000000000R",
    stage="canary",
    pipeline="churn_release_v1.0",
    definition=digest_of("definition"),
    commit="c" * 40,
    release="v1.3.0",
    artifacts=(Artifact("churn", ArtifactKind.CONFIG, digest_of("image")),),
    evidence=(),
    policy=POLICY_ID,
    policy_branch="refs/heads/main",
    policy_commit="d" * 40,
    live=None,
    changes=(Change("3f2a91c" + "0" * 33, ("ann@acme.org",), "Retrain"),),
    requester=("github:ci",),
    pusher=("dan@acme.org",),
    created=NOW - 2 * HOUR,
    expires=NOW + 70 * HOUR,
    nonce="0" * 32,
)
"""Of ann's commit, made by a service two hours ago."""


def says(
    *identities: str,
    answer: Answer = Answer.APPROVE,
    reason: str = "looks good",
    at: datetime = NOW - HOUR,
    index: int = 0,
) -> Approval:
    """What whoever signs as *identities* says to `REQUEST`, recorded at once."""
    return Approval(
        request=REQUEST_ID,
        environment=REQUEST.environment,
        answer=answer,
        identities=identities,
        key=f"SHA256:{'+'.join(identities)}",
        reason=reason,
        created=at,
        recorded=at,
        statement=digest_of(f"{identities} {answer} {at} {index}"),
        index=index,
    )


def rejects(*identities: str, reason: str = "too risky", index: int = 9) -> Approval:
    """A no to `REQUEST`."""
    return says(*identities, answer=Answer.REJECT, reason=reason, index=index)


def overrides(*identities: str, reason: str = "it is down", index: int = 5) -> Approval:
    """A signature that breaks the glass for `REQUEST`."""
    return says(*identities, answer=Answer.OVERRIDE, reason=reason, index=index)


def hearing(
    *answers: Approval,
    request: ReleaseRequest = REQUEST,
    lists: tuple[People, ...] = (PEOPLE,),
    now: datetime = NOW,
) -> Hearing:
    """`REQUEST`, and *answers*."""
    return Hearing(now, REQUEST_ID, request, answers, Humans.known_to(lists))


def rules(
    approvals: ApprovalRule | None = None,
    override: OverrideRule | None = None,
    people: People = PEOPLE,
    source: str = "sluicegate.yaml",
) -> Rules:
    """A layer that asks people."""
    return Rules(source, people=people, approvals=approvals, override=override)


def policy(*layers: Rules) -> Policy:
    """The rules of production."""
    return Policy("production", layers, POLICY_ID, "refs/heads/main", "d" * 40)


def judge(judged: Policy, *answers: Approval, now: datetime = NOW) -> EntryDecision:
    """Judge `REQUEST` with *answers*, and nothing else in the way."""
    return judge_entry(judged, EntryFacts(now, REQUEST_ID, REQUEST, answers))
