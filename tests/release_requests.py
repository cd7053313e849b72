"""A release request, as tests ask for one."""

from entry_samples import AT, LATER, RUN

from sluicegate.model.digest import Digest
from sluicegate.model.release_request import Artifact, ArtifactKind, ReleaseRequest

POLICY = Digest.of(b"rules")
REQUEST = ReleaseRequest(
    log="log.example/churn",
    repository="https://git.example/churn",
    environment="production",
    run_id=RUN,
    stage="canary",
    pipeline="churn_release_v1.0",
    definition=Digest.of(b"pipeline"),
    commit="a" * 40,
    release="v1.2.0",
    artifacts=(Artifact("v1.2.0", ArtifactKind.CONFIG, Digest.of(b"image")),),
    evidence=(),
    policy=POLICY,
    policy_branch="refs/heads/main",
    policy_commit="b" * 40,
    live=None,
    changes=(),
    requester=("user:1000",),
    pusher=(),
    created=AT,
    expires=LATER,
    nonce="0" * 32,
)
