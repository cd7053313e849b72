"""SHA-256 digests, written ``sha256:<64 lower-case hex digits>``."""

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from typing_extensions import override

from sluicegate.errors import UsageError

_FORM = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 digest. ``hex`` is 64 lower-case hexadecimal digits."""

    hex: str

    def __post_init__(self) -> None:
        if not _FORM.fullmatch(f"sha256:{self.hex}"):
            raise UsageError(f"not a SHA-256 digest: {self.hex!r}")

    @override
    def __str__(self) -> str:
        return f"sha256:{self.hex}"

    @property
    def short(self) -> str:
        """The first 12 digits, for people. Machines compare the whole."""
        return self.hex[:12]

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Hash *data*."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``sha256:<hex>``.

        Raises:
            UsageError: *text* has another form.
        """
        if not _FORM.fullmatch(text):
            raise UsageError(f"not a digest of the form sha256:<hex>: {text!r}")
        return cls(text.removeprefix("sha256:"))
