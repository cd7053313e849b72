"""Order: what must have been stable elsewhere before it goes here. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sluicegate.gates.when import write_length, write_moment
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import ConditionResult
from sluicegate.model.policy import After
from sluicegate.model.release_request import ArtifactKind, ReleaseRequest
from sluicegate.model.state_item import StableRelease


def judge_after(
    after: Sequence[After],
    request: ReleaseRequest,
    stable: Mapping[str, StableRelease],
    now: datetime,
) -> tuple[ConditionResult, ...]:
    """Judge whether the artifact of *request* is stable where it must be, long enough.

    The artifact is the image by the digest of its configuration, the same on every
    engine. How long is counted from when the log took it in until *now*; a clock that
    was set back in between makes that longer, never shorter. A way back is not held
    up: what is there already has been through this order.

    Args:
        after: where, and for how long.
        request: what is to be released.
        stable: what each environment runs.
        now: the time that gates go by, in UTC.
    """
    images = {
        artifact.digest
        for artifact in request.artifacts
        if artifact.kind is ArtifactKind.CONFIG
    }
    return tuple(
        ConditionResult(_describe(one), *_judge(one, request, images, stable, now))
        for one in after
    )


def _judge(
    after: After,
    request: ReleaseRequest,
    images: set[Digest],
    stable: Mapping[str, StableRelease],
    now: datetime,
) -> tuple[Verdict, str]:
    place = after.environment
    if request.rollback:
        return Verdict.OPEN, f"a rollback need not be stable in {place} first"
    if len(images) != 1:
        return Verdict.CLOSED, "the request does not name one image by its digest"
    there = stable.get(place)
    if there is None:
        return Verdict.PENDING, f"nothing is stable in {place} yet; release it there"
    if there.release.image not in images:
        return Verdict.PENDING, (
            f"{place} runs {_name(there)}, not this artifact; release it there first"
        )
    since = f"stable in {place} since {write_moment(there.since_ts)}"
    left = after.soak - max(timedelta(0), now - there.since_ts)
    if left <= timedelta(0):
        return Verdict.OPEN, since
    return Verdict.PENDING, (
        f"{since}; {write_length(left)} of {write_length(after.soak)} are left, until"
        f" {write_moment(now + left)}"
    )


def _describe(after: After) -> str:
    if not after.soak:
        return f"stable in {after.environment}"
    return f"stable in {after.environment} for {write_length(after.soak)}"


def _name(there: StableRelease) -> str:
    return f"{there.release.name} (image {there.release.image.short})"
