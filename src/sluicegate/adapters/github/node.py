"""JSON of GitHub's, of which nothing is taken for granted. Pure."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from sluicegate.errors import PermanentError


class Node:
    """A JSON value and where it is from.

    Every method raises PermanentError if what is asked for is missing or of another
    type, unless its name ends in ``_or_none``: for it, null and nothing are None.
    """

    def __init__(self, value: object, where: str) -> None:
        self._value, self._where = value, where

    @property
    def raw(self) -> bytes:
        """It as JSON with sorted keys and without spaces, all in ASCII: evidence."""
        return json.dumps(
            self._value, sort_keys=True, separators=(",", ":"), ensure_ascii=True
        ).encode()

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self._value, list)

    @property
    def is_object(self) -> bool:
        """Whether it is an object."""
        return isinstance(self._value, dict)

    def at(self, name: str) -> "Node":
        """The member *name* of an object."""
        found = self.at_or_none(name)
        if found is None:
            raise self._misshapen(f"has no {name!r}")
        return found

    def at_or_none(self, name: str) -> "Node | None":
        """The member *name* of an object."""
        if not isinstance(self._value, dict):
            raise self._misshapen("is no object")
        value = self._value.get(name)
        return None if value is None else Node(value, f"{self._where}: {name}")

    def all(self) -> Iterator["Node"]:
        """The items of a list."""
        if not isinstance(self._value, list):
            raise self._misshapen("is no list")
        for number, item in enumerate(self._value):
            yield Node(item, f"{self._where}[{number}]")

    def text(self, name: str) -> str:
        """A text."""
        return self.at(name).as_text()

    def text_or_none(self, name: str) -> str | None:
        """A text."""
        found = self.at_or_none(name)
        return None if found is None else found.as_text()

    def number(self, name: str) -> int:
        """A whole number."""
        value = self.at(name)._value  # noqa: SLF001 - of the same class
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._misshapen(f"has as {name!r} no whole number")
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.at(name)._value  # noqa: SLF001 - of the same class
        if not isinstance(value, bool):
            raise self._misshapen(f"has as {name!r} neither true nor false")
        return value

    def moment(self, name: str) -> datetime:
        """A time, in UTC."""
        text = self.text(name)
        try:
            when = datetime.fromisoformat(text)
        except ValueError as error:
            raise self._misshapen(f"has as {name!r} no time") from error
        if when.tzinfo is None:
            raise self._misshapen(f"has as {name!r} a time without a zone")
        return when.astimezone(UTC)

    def texts(self) -> dict[str, str]:
        """Those members of an object that are texts; nothing of anything else."""
        value = self._value if isinstance(self._value, dict) else {}
        return {
            _clean(name): _clean(each)
            for name, each in value.items()
            if isinstance(each, str)
        }

    def as_text(self) -> str:
        """It as a text."""
        if not isinstance(self._value, str):
            raise self._misshapen("is no text")
        return _clean(self._value)

    def _misshapen(self, what: str) -> PermanentError:
        return PermanentError(
            f"GitHub's answer cannot be understood: {self._where} {what}",
            hint="another program may have answered (a proxy), or GITHUB_API_URL is not"
            " the address of GitHub's API",
        )


def _clean(text: str) -> str:
    """*text* without halves of characters, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
