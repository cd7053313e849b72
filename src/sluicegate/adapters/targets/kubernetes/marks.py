"""What annotations say of an environment: the one truth about it. Pure.

They stand on the object that splits the traffic, and are written with the weights, in
one conditional write, so they cannot differ from what was set; what differs from them
was changed by somebody else.

    sluicegate.dev/environment  whose route it is: PROJECT/ENVIRONMENT
    sluicegate.dev/stable       the stable release, as JSON
    sluicegate.dev/canary       the canary, as JSON; after its promotion the stable one,
                                until its pods are those of the stable Deployment
    sluicegate.dev/weight       the canary's percentage, 0 to 100
    sluicegate.dev/replicas     how many pods served when the canary was deployed
    sluicegate.dev/since        when the canary was ready (RFC 3339, UTC)
    sluicegate.dev/restarts     the restarts of its pods until then, of the worst one
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sluicegate.adapters.kubernetes.objects import Obj
from sluicegate.adapters.kubernetes.words import show
from sluicegate.adapters.targets.kubernetes.pod_trouble import MOST_RESTARTS
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release

PREFIX = "sluicegate.dev/"
ENVIRONMENT = f"{PREFIX}environment"
STABLE = f"{PREFIX}stable"
CANARY = f"{PREFIX}canary"
WEIGHT = f"{PREFIX}weight"
REPLICAS = f"{PREFIX}replicas"
SINCE = f"{PREFIX}since"
RESTARTS = f"{PREFIX}restarts"
_ALL = 100  # percent
_LONGEST = 500  # letters of a name, or of a reference
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Marks:
    """Who serves. ``percent`` is the canary's share, 100 once it is promoted.

    A promoted canary is the stable release, and serves from the canary's pods until
    the stable Deployment has it: ``stable`` and ``canary`` are the same then.

    Raises:
        UsageError: a share without two releases to share, or out of bounds.
    """

    environment: str
    stable: Release | None = None
    canary: Release | None = None
    percent: int = 0
    replicas: int | None = None
    since: datetime | None = None
    restarts: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.percent <= _ALL:
            raise UsageError(f"a weight is 0 to 100 %, got {self.percent}")
        if self.percent and (self.stable is None or self.canary is None):
            raise UsageError("a share of the traffic needs a stable and a canary")
        if self.is_away and self.stable != self.canary:
            raise UsageError("who has all the traffic is the stable release")

    @property
    def excused(self) -> int:
        """The restarts until it was ready, as far as they can be believed."""
        return min(self.restarts or 0, MOST_RESTARTS)

    @property
    def is_away(self) -> bool:
        """Whether the stable release serves from the canary's pods."""
        return self.percent == _ALL

    def is_stable(self, release: Release) -> bool:
        """Whether *release* is the stable one."""
        return self.stable is not None and self.stable.image == release.image

    def is_canary(self, release: Release) -> bool:
        """Whether *release* is the one on trial."""
        canary = None if self.is_away else self.canary
        return canary is not None and canary.image == release.image

    def weight(self, release: Release) -> int:
        """The percentage of new requests that *release* receives."""
        if self.is_stable(release):
            return _ALL if self.is_away else _ALL - self.percent
        return self.percent if self.is_canary(release) else 0


def write_marks(marks: Marks) -> dict[str, str]:
    """The annotations that say *marks*; `read_marks` reads them back."""
    written = {ENVIRONMENT: marks.environment, WEIGHT: str(marks.percent)}
    for name, release in ((STABLE, marks.stable), (CANARY, marks.canary)):
        if release is not None:
            written[name] = write_release(release)
    for name, number in ((REPLICAS, marks.replicas), (RESTARTS, marks.restarts)):
        if number is not None:
            written[name] = str(number)
    if marks.since is not None:
        written[SINCE] = _write_time(marks.since)
    return written


def read_marks(annotations: Mapping[str, str], environment: str) -> Marks:
    """What *annotations* say; nothing yet, if there are none of ours.

    Raises:
        PermanentError: they make no sense, or are of another environment.
    """
    owner = annotations.get(ENVIRONMENT, environment)
    if owner != environment:
        raise PermanentError(
            f"its annotations are those of {show(owner)}: it cannot be {environment},"
            " too",
            hint="each environment needs an object of its own; if it is the same one"
            f" under a new name, write that into the annotation {ENVIRONMENT}",
        )
    try:
        return Marks(
            environment,
            _read_release(annotations, STABLE),
            _read_release(annotations, CANARY),
            _read_number(annotations, WEIGHT) or 0,
            _read_number(annotations, REPLICAS),
            _read_time(annotations, SINCE),
            _read_number(annotations, RESTARTS),
        )
    except UsageError as error:
        raise _not_ours(str(error)) from error


def owners_of_marks(obj: Obj) -> list[str]:
    """Who wrote annotations that are ours to write, by name of a field manager."""
    owners = {
        owner.name
        for name in obj.annotations
        if name.startswith(PREFIX)
        for owner in obj.managers_of("metadata", "annotations", name)
    }
    return sorted(owners)


def write_release(release: Release) -> str:
    """*release* as JSON, always in the same way."""
    given = {
        "commit": release.commit,
        "image": str(release.image),
        "name": release.name,
        "reference": release.reference,
    }
    return json.dumps(given, sort_keys=True, separators=(",", ":"))


def _read_release(annotations: Mapping[str, str], name: str) -> Release | None:
    text = annotations.get(name)
    if text is None:
        return None
    try:
        match json.loads(text):
            case {
                "image": str(image),
                "name": str(called),
                "commit": str(commit),
                "reference": (str() | None) as reference,
            } if (
                _is_plain(called)
                and _COMMIT.fullmatch(commit)
                and (reference is None or _is_plain(reference))
            ):
                return Release(Digest.parse(image), called, commit, reference)
            case _:
                pass
    except (ValueError, RecursionError, UsageError):
        pass
    raise _not_ours(
        f"{name} is {show(text, 200)}, which is no release: it has image (sha256:...),"
        " name, commit (the whole id) and reference"
    )


def _is_plain(text: str) -> bool:
    """Whether *text* can be shown and recorded: whoever may write here is nobody's."""
    return 0 < len(text) <= _LONGEST and text.isprintable()


def _read_number(annotations: Mapping[str, str], name: str) -> int | None:
    text = annotations.get(name)
    if text is not None and not _NUMBER.fullmatch(text):
        raise _not_ours(f"{name} is {show(text, 80)}, not a number")
    return None if text is None else int(text)


def _write_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read_time(annotations: Mapping[str, str], name: str) -> datetime | None:
    text = annotations.get(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _not_ours(f"{name} is {show(text, 80)}, not a time")


def _not_ours(what: str) -> PermanentError:
    return PermanentError(
        f"the annotations make no sense: {what}",
        hint="somebody else wrote them; restore them, or remove all that begin with"
        f" {PREFIX} if nothing of it serves",
    )
