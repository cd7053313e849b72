"""Reading tiles and bundles of a log, by a function that reads a file.

A partial file may be gone once the log has grown: the full one in its place is then
cut.

Source:
    https://c2sp.org/tlog-tiles, "Partial Tiles".
"""

from collections.abc import Callable

from sluicegate.errors import IntegrityError
from sluicegate.tlog.bundles import parse_bundle
from sluicegate.tlog.hashes import HASH_SIZE
from sluicegate.tlog.tiles import Tile

Get = Callable[[str], bytes | None]
"""Reads the file of a name; None if there is none."""


def fetch_hashes(get: Get, tile: Tile) -> bytes:
    """Read a tile: ``32 * tile.width`` bytes, not verified.

    Raises:
        IntegrityError: it is missing or of another size.
    """
    found, data = _fetch(get, tile)
    if len(data) != found.width * HASH_SIZE:
        raise IntegrityError(
            f"{found.path}: {len(data)} bytes, not {found.width} hashes"
        )
    return data[: tile.width * HASH_SIZE]


def fetch_entries(get: Get, tile: Tile) -> list[bytes]:
    """Read a bundle: ``tile.width`` entries, not verified.

    Raises:
        IntegrityError: it is missing or malformed.
    """
    found, data = _fetch(get, tile)
    try:
        return parse_bundle(data, found.width)[: tile.width]
    except IntegrityError as error:
        raise IntegrityError(f"{found.path}: {error}") from error


def _fetch(get: Get, tile: Tile) -> tuple[Tile, bytes]:
    for candidate in (tile, tile.whole):
        data = get(candidate.path)
        if data is not None:
            return candidate, data
    raise IntegrityError(f"{tile.path}: missing")
