"""What a person approves: one release into one environment, to the last digest."""

import enum
from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.digest import Digest
from sluicegate.model.policy import Way


@enum.unique
class ArtifactKind(enum.Enum):
    """What the digest of an artifact is of."""

    MANIFEST = "manifest"  # as a registry serves it
    CONFIG = "config"  # the image's configuration: its ID on the engine
    MODEL = "model"  # the list of a model's files: `model.model_manifest`


@dataclass(frozen=True, slots=True)
class Artifact:
    """What is released; ``name`` is its repository, or the release's name.

    A model is named by the stage that has read it, as ``<stage>/model``.
    """

    name: str
    kind: ArtifactKind
    digest: Digest


@dataclass(frozen=True, slots=True)
class StageEvidence:
    """What a stage found, and the task that found it: ``<run>/<stage>/<attempt>``.

    ``digest`` is of its fields and of the digests of its files.
    """

    stage: str
    task_id: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Change:
    """A commit since the last release.

    ``identities`` are the addresses of its author, its committer and its co-authors,
    ``subject`` is the first line of its message.
    """

    commit: str
    identities: tuple[str, ...]
    subject: str = ""


@dataclass(frozen=True, slots=True)
class LiveRelease:
    """What the environment runs when the request is made."""

    name: str
    commit: str
    image: Digest


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """A release that waits for people. The SHA-256 of its canonical JSON is its id.

    Attributes:
        log: the origin of the log that it is recorded in.
        repository: the address of the repository, else the log's origin.
        environment: where it is to go.
        run_id: the run that asks.
        stage: the stage of that run.
        pipeline: the pipeline's name.
        definition: the pipeline's digest.
        commit: what is released; ``release`` is what people call it.
        artifacts: what is released, by digest.
        evidence: what the stages before it found.
        policy: the digest of the rules that judge it.
        policy_source: where they were read: ``branch`` and its ``commit``.
        live: what is there now, None in an empty environment.
        changes: the commits between the two that touch the service.
        rollback: whether it goes back to an earlier release.
        requester: the identities of whoever asks.
        pusher: the identities of whoever pushed the commit last.
        created: when it was made; after ``expires`` it is good for nothing.
        nonce: 128 random bits, in hex: no two requests have the same id.
    """

    log: str
    repository: str
    environment: str
    run_id: str
    stage: str
    pipeline: str
    definition: Digest
    commit: str
    release: str
    artifacts: tuple[Artifact, ...]
    evidence: tuple[StageEvidence, ...]
    policy: Digest
    policy_branch: str
    policy_commit: str
    live: LiveRelease | None
    changes: tuple[Change, ...]
    requester: tuple[str, ...]
    pusher: tuple[str, ...]
    created: datetime
    expires: datetime
    nonce: str
    rollback: bool = False

    def __post_init__(self) -> None:
        if not self.artifacts:
            raise ValueError("a release request without an artifact")


@enum.unique
class Answer(enum.Enum):
    """What somebody says to a release request."""

    APPROVE = "approve"
    REJECT = "reject"
    OVERRIDE = "override"  # breaks the glass


@dataclass(frozen=True, slots=True)
class Approval:
    """An answer that is in the log, and that was verified just now.

    Somebody has signed it, or the code host attests who has given it.

    Attributes:
        request: the id of the request that it is about.
        environment: the environment that it names.
        answer: what was said.
        identities: who signed, by the names that ``allowed_signers`` has for the key;
            or the account.
        key: the fingerprint of the key; or ``account:`` and the account's number.
        reason: why; may be empty.
        created: when it was signed, by the clock of whoever signed it; or given, by
            that of the code host.
        recorded: when the log took it in.
        statement: the digest of what was signed, or of what attests it.
        index: its entry in the log.
        flaw: why it does not count, whoever it is from; empty if nothing is wrong:
            a key that was removed since, a signature that does not hold.
        way: how it was given.
        workflow: the workflow's file, of a dispatch.
        url: where the code host shows it.
        accounts: whom the code host takes authors of the request's commits for: an
            address and an account, each an identity.
    """

    request: Digest
    environment: str
    answer: Answer
    identities: tuple[str, ...]
    key: str
    reason: str
    created: datetime
    recorded: datetime
    statement: Digest
    index: int
    flaw: str = ""
    way: Way = Way.SIGNATURE
    workflow: str = ""
    url: str = ""
    accounts: tuple[tuple[str, str], ...] = ()
