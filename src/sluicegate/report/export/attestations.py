"""The statements about what was released, each with the image's digest as a subject.

Unlike an export of the log they say nothing of how long the log is: the same run gives
the same bytes for ever, so that to attest again is to attest nothing new.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sluicegate.model.digest import Digest
from sluicegate.model.event import PublishConfirmed, StageFinished
from sluicegate.model.publication import PublishedImage
from sluicegate.report.export.in_toto import NAMES, statements
from sluicegate.report.export.logged import Json, Logged, Moment
from sluicegate.report.export.release import divide
from sluicegate.report.export.statement import Statement, origin_of
from sluicegate.report.export.verification import SVR

PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True)
class Publication:
    """That a registry serves the engine's image ``image``, as an entry says."""

    image: Digest
    published: PublishedImage
    index: int
    leaf_hash: str

    @property
    def repository(self) -> str:
        """Where the image is, without its tag."""
        return divide(self.published.reference)[0]


@dataclass(frozen=True, slots=True)
class Attestation:
    """A statement as bytes, and what it was made of.

    ``name`` is a word for its type, ``index`` the entry that it stems from, ``at`` when
    that was recorded. ``images`` are the released ones among its subjects.
    """

    name: str
    predicate_type: str
    stage: str
    index: int
    at: datetime
    payload: bytes
    images: tuple[PublishedImage, ...]


def find_publications(entries: Iterable[Logged]) -> tuple[Publication, ...]:
    """The images that were published, each once a repository: its first name."""
    found: dict[tuple[str, Digest], Publication] = {}
    for logged in entries:
        if not isinstance(logged.event, PublishConfirmed):
            continue
        for image in logged.event.published:
            each = Publication(
                logged.event.image, image, logged.row.index, logged.leaf_hash
            )
            found.setdefault((each.repository, image.digest), each)
    return tuple(found.values())


def attest(
    moment: Moment, published: Sequence[Publication], taken: Moment | None = None
) -> Iterator[Attestation]:
    """What the entry of *moment* states of what was *published*.

    *taken* is the attempt whose result it took: who built it, tested it and scanned it
    says that attempt, what its gate made of it says the entry.
    """
    for statement in statements(moment):
        yield _attestation(statement, moment, published, {})
    if taken is None:
        return
    by: dict[str, Json] = {"reusedBy": _entry(moment.logged)}
    for statement in statements(taken):
        if statement.predicate_type != SVR:
            yield _attestation(statement, taken, published, by)


def _attestation(
    statement: Statement,
    moment: Moment,
    published: Sequence[Publication],
    more: dict[str, Json],
) -> Attestation:
    subject, about = _subject(statement, published)
    links: list[Json] = [
        {
            "index": each.index,
            "leafHash": {"sha256": each.leaf_hash},
            "imageId": {"sha256": each.image.hex},
        }
        for each in about
    ]
    origin = {**origin_of(moment), **more, "published": links}
    text = replace(statement, subject=subject).write(origin)
    event = moment.logged.event
    return Attestation(
        NAMES[statement.predicate_type],
        statement.predicate_type,
        event.stage if isinstance(event, StageFinished | PublishConfirmed) else "",
        moment.logged.row.index,
        moment.logged.row.at,
        text.encode(),
        tuple(each.published for each in about),
    )


def _subject(
    statement: Statement, published: Sequence[Publication]
) -> tuple[tuple[dict[str, Json], ...], Sequence[Publication]]:
    """What a statement is about, and what was published of that.

    An image's ID becomes the digest by which the registry serves it. What is about no
    artifact but the commit is about every image that was made of it, too.
    """
    about: list[Publication] = []
    others: list[dict[str, Json]] = []
    for each in statement.subject:
        ids = _ids(each)
        hits = [p for p in published if ids & {p.image.hex, p.published.digest.hex}]
        about += [hit for hit in hits if hit not in about]
        others += [] if hits else [each]
    if not about and all("gitCommit" in _names(each) for each in others):
        about = list(published)
    images: list[dict[str, Json]] = [
        {"name": p.repository, "digest": {"sha256": p.published.digest.hex}}
        for p in about
    ]
    return (*images, *others), about


def _ids(resource: dict[str, Json]) -> set[str]:
    digest = resource.get("digest")
    found = digest.get("sha256") if isinstance(digest, dict) else None
    return {found} if isinstance(found, str) else set()


def _names(resource: dict[str, Json]) -> set[str]:
    digest = resource.get("digest")
    return set(digest) if isinstance(digest, dict) else set()


def _entry(logged: Logged) -> Json:
    return {"index": logged.row.index, "leafHash": {"sha256": logged.leaf_hash}}
