"""What does not belong in the tree of a log's branch."""

import re
from collections.abc import Iterator

from sluicegate.adapters.stores.git_objects import FILE, Listing
from sluicegate.adapters.stores.git_welcome import WELCOME

_BELONGS = re.compile(
    r"checkpoint"
    r"|tile/(?:entries|[0-9]{1,2})/(?:x[0-9]{3}/){0,6}[0-9]{3}(?:\.p/[1-9][0-9]{0,2})?"
    r"|evidence/sha256/(?P<head>[0-9a-f]{2})/(?P=head)[0-9a-f]{62}"
    r"|witnessed(?:\.part)?|[a-z][a-z0-9-]*\.json"  # kept beside the log
)
_SHOWN = 10
_KINDS = {"120000": "a symbolic link", "160000": "another repository"}


def find_strays(listing: Listing, where: str) -> Iterator[str]:
    """A sentence for each file in *listing* that is none of a log, up to ten."""
    strays = [
        (name, mode)
        for name, (mode, _) in listing.files.items()
        if mode != FILE or not (name in WELCOME or _BELONGS.fullmatch(name))
    ]
    for name, mode in sorted(strays)[:_SHOWN]:
        kind = _KINDS.get(mode, "a file" if mode == FILE else "a program")
        yield f"{where} holds {kind} that does not belong there: {name!r}"
    if len(strays) > _SHOWN:
        yield f"{where} holds {len(strays) - _SHOWN} more that do not belong there"
