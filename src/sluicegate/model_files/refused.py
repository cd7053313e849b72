"""Why a file is refused."""

from typing_extensions import override


class Refused(Exception):  # noqa: N818 - an answer about a file, not a fault of ours
    """A file is not what may be released. ``rule`` is a short name of the reason."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(rule, message)
        self.rule, self.message = rule, message

    @override
    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"


def malformed(kind: str, message: str) -> Refused:
    """A file that begins like *kind* and is none."""
    return Refused("malformed", f"no {kind} file: {message}")
