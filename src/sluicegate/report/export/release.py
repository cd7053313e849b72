"""A published image as a release.

Source:
    https://github.com/in-toto/attestation/blob/v1.2.0/spec/predicates/release.md, v0.1;
    https://github.com/package-url/purl-spec, type ``oci``.
"""

import re
from collections.abc import Iterator

from sluicegate.model.event import PublishConfirmed
from sluicegate.model.publication import PublishedImage
from sluicegate.report.export.logged import Json, Moment
from sluicegate.report.export.statement import Statement

_RESERVED = re.compile(rb"[^A-Za-z0-9._~-]")
RELEASE = "https://in-toto.io/attestation/release/v0.1"


def releases(moment: Moment) -> Iterator[Statement]:
    """One statement for each name under which a registry serves an image."""
    event = moment.logged.event
    if isinstance(event, PublishConfirmed):
        for image in event.published:
            repository, _, tag = divide(image.reference)
            digest: dict[str, Json] = {"sha256": image.digest.hex}
            subject: dict[str, Json] = {"name": repository, "digest": digest}
            purl = _purl(image, repository, tag)
            yield Statement(RELEASE, (subject,), {"purl": purl})


def divide(reference: str) -> tuple[str, str, str]:
    """Repository, colon and tag of a reference.

    A colon before the last slash is one of a port.
    """
    reference = reference.partition("@")[0]
    head, slash, last = reference.rpartition("/")
    name, colon, tag = last.partition(":")
    return f"{head}{slash}{name}", colon, tag


def _purl(image: PublishedImage, repository: str, tag: str) -> str:
    name = repository.rpartition("/")[2].lower()
    tagged = f"&tag={_quote(tag)}" if tag else ""
    return (
        f"pkg:oci/{_quote(name)}@{_quote(str(image.digest))}"
        f"?repository_url={_quote(repository).replace('%2F', '/')}{tagged}"
    )


def _quote(text: str) -> str:
    """Percent-encoded, as RFC 3986 section 2.1 has it."""
    return _RESERVED.sub(
        lambda found: b"%%%02X" % ord(found[0]), text.encode()
    ).decode()
