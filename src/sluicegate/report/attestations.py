"""What was attested of a release, for a person and for machines. Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.model.digest import Digest
from sluicegate.model.image import by_digest
from sluicegate.model.publication import Attached, PublishedImage
from sluicegate.report.escape import escape
from sluicegate.report.export.attestations import Attestation
from sluicegate.report.export.logged import Json
from sluicegate.report.export.release import divide


@dataclass(frozen=True, slots=True)
class Attested:
    """A statement, and where it is in registries: once for each image it is about."""

    attestation: Attestation
    attached: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was attested of the release ``name``.

    ``images`` are as published, with their IDs on the engine. ``signed_by`` is a
    verifier key, None if nothing was signed. ``left_out`` says what is missing, and
    why. ``written`` is a file or folder, None if none was asked for.
    """

    name: str
    commit: str
    run_id: str
    signed_by: str | None
    images: tuple[tuple[PublishedImage, Digest], ...]
    statements: tuple[Attested, ...]
    left_out: tuple[str, ...]
    written: str | None
    pushed: bool


def attested_text(outcome: Outcome) -> str:
    """Say it to a person."""
    return "\n".join(map(escape, _lines(outcome)))


def _lines(outcome: Outcome) -> Iterator[str]:
    count = len(outcome.statements)
    yield f"✓ {count} statements about release {outcome.name}"
    for image, _ in outcome.images:
        yield f"  image    {by_digest(divide(image.reference)[0], image.digest)}"
    yield f"  signed   {outcome.signed_by or 'not: anybody can change them'}"
    if outcome.written is not None:
        yield f"  written  {outcome.written}"
    if outcome.pushed:
        places = [each for it in outcome.statements for each in it.attached]
        new = sum(not each.was_there for each in places)
        yield f"  attached {new} to what was published, {len(places) - new} were there"
        apart = [it for it in outcome.statements if not it.attached]
        if apart:
            yield f"           {len(apart)} are about something else than the image"
    width = max((len(it.attestation.name) for it in outcome.statements), default=0)
    for it in outcome.statements:
        each = it.attestation
        yield f"    {each.name:<{width}}  {each.stage}, entry {each.index}"
    yield from (f"  left out {each}" for each in outcome.left_out)


def attested_document(outcome: Outcome) -> str:
    """The same as JSON."""
    document: Json = {
        "release": outcome.name,
        "commit": outcome.commit,
        "run_id": outcome.run_id,
        "signed_by": outcome.signed_by,
        "images": [
            {
                "repository": divide(image.reference)[0],
                "digest": str(image.digest),
                "image_id": str(engine),
            }
            for image, engine in outcome.images
        ],
        "statements": [_statement(it) for it in outcome.statements],
        "left_out": list(outcome.left_out),
        "written": outcome.written,
        "pushed": outcome.pushed,
    }
    return json.dumps(document, indent=2)


def _statement(it: Attested) -> Json:
    each = it.attestation
    return {
        "predicate_type": each.predicate_type,
        "stage": each.stage,
        "entry": each.index,
        "digest": str(Digest.of(each.payload)),
        "subjects": [str(image.digest) for image in each.images],
        "attached": [
            {"manifest": str(at.digest), "was_there": at.was_there}
            for at in it.attached
        ],
    }
