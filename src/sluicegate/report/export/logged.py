"""What an export is made of."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sluicegate.model.digest import Digest
from sluicegate.model.event import Event, RunStarted
from sluicegate.report.entries import Row
from sluicegate.tlog.hashes import hash_leaf

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class LogHead:
    """The state of the log that is exported; ``root`` is in base64, as it signs it."""

    origin: str
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Logged:
    """A verified entry. ``row`` is its summary, ``data`` its bytes.

    ``event`` is None where it belongs to no run, or is of an unknown type. ``task`` is
    the attempt it belongs to, ``version`` that of the program that recorded it.
    """

    row: Row
    data: bytes
    event: Event | None
    task: str | None
    version: str

    @property
    def leaf_hash(self) -> str:
        """The leaf hash of RFC 6962, in hex."""
        return hash_leaf(self.data).hex()


@dataclass(frozen=True, slots=True)
class Source:
    """Where an export is made from.

    ``evidence`` reads a file of evidence; None leaves out what only those files say.
    ``redact`` takes credentials out of what they say, as was done to the entries.
    """

    head: LogHead
    entries: Iterable[Logged]
    evidence: Callable[[Digest], bytes] | None
    redact: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an export: one line without its end, and a file name for it alone."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Format:
    """A form of export.

    ``suffix`` is that of a file with all parts. ``splits`` says whether each part can
    stand for itself, in a file of its own. ``end`` ends every line.
    """

    name: str
    summary: str
    suffix: str
    splits: bool
    write: Callable[[Source], Iterator[Part]]
    end: str = "\n"


@dataclass(frozen=True, slots=True)
class Moment:
    """An entry, and what came before it in its run. ``started`` is that of the run."""

    head: LogHead
    logged: Logged
    started: RunStarted | None
    evidence: Callable[[Digest], bytes] | None
    redact: Callable[[str], str]

    @property
    def kinds(self) -> dict[str, str]:
        """The kinds of the run's stages, by their names."""
        stages = () if self.started is None else self.started.stages
        return {stage.name: stage.uses for stage in stages}


def with_runs(source: Source) -> Iterator[Moment]:
    """Every entry with the beginning of its run, which is remembered as it passes."""
    begun: dict[str, RunStarted] = {}
    for logged in source.entries:
        if isinstance(logged.event, RunStarted):
            begun[logged.row.run_id] = logged.event
        started = begun.get(logged.row.run_id)
        yield Moment(source.head, logged, started, source.evidence, source.redact)
