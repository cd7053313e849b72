"""Where a log or its evidence lives, as a person writes it."""

from dataclasses import dataclass

from typing_extensions import override

SCHEMES = ("dir", "git", "s3")


@dataclass(frozen=True, slots=True)
class Address:
    """``scheme`` is one of `SCHEMES`; ``place`` is what follows ``dir:`` or ``s3://``.

    A relative path is relative to whatever named it.
    """

    scheme: str
    place: str

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read ``dir:PATH``, ``git:...``, ``s3://BUCKET/PREFIX`` or a plain path."""
        scheme, colon, place = text.partition(":")
        if colon and scheme in SCHEMES:
            return cls(scheme, place.removeprefix("//") if scheme == "s3" else place)
        return cls("dir", text)

    @override
    def __str__(self) -> str:
        """As it is written in a pipeline file."""
        return f"{self.scheme}:{'//' if self.scheme == 's3' else ''}{self.place}"
