"""Golden requests: what is asked, and what the offline pipeline answers. Read strictly.

JSON lines: ``{"id": "a17", "request": {"age": 41}, "expected": {"score": 0.83}}``.
Where the service is to refuse: ``{"id": "b2", "request": {}, "status": 400}``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from sluicegate.errors import PermanentError
from sluicegate.stages.serving.json_text import Json, NotJson, read_json, show

MAX_BYTES = 16 << 20
MAX_REQUESTS = 2000
_MAX_LINE = 1 << 20
_MAX_ID = 200
_KEYS = frozenset({"id", "request", "expected", "status"})
_OK = 200
_LOWEST, _HIGHEST = 200, 599


@dataclass(frozen=True, slots=True)
class Golden:
    """One request. ``expected`` is in a tuple; None where only the status is.

    ``line`` is where it stands in the file, from 1.
    """

    id: str
    line: int
    request: Json
    expected: tuple[Json] | None
    status: int

    @property
    def is_answered(self) -> bool:
        """Whether the service is to give an answer, and not to refuse."""
        return self.expected is not None and self.status == _OK


def read_golden(data: bytes, source: str) -> tuple[Golden, ...]:
    """Read a golden file.

    Args:
        data: at most 16 MiB, of at most 2000 requests.
        source: its name, for messages.

    Raises:
        PermanentError: it is not such a file, or an empty one.
    """
    if len(data) > MAX_BYTES:
        raise PermanentError(f"{source} is larger than {MAX_BYTES >> 20} MiB")
    found: dict[str, Golden] = {}
    for line, row in _rows(data, source):
        golden = _read(row, source, line)
        if golden.id in found:
            before = found[golden.id].line
            _refuse(source, line, f"id {show(golden.id)} is that of line {before}, too")
        if len(found) >= MAX_REQUESTS:
            _refuse(source, line, f"more than {MAX_REQUESTS} requests")
        found[golden.id] = golden
    if not found:
        raise PermanentError(
            f"{source} holds no requests", hint="an empty file shows nothing"
        )
    return tuple(found.values())


def _rows(data: bytes, source: str) -> Iterator[tuple[int, dict[str, Json]]]:
    for line, text in enumerate(data.split(b"\n"), start=1):
        if not text.strip():
            continue
        if len(text) > _MAX_LINE:
            _refuse(source, line, f"longer than {_MAX_LINE >> 20} MiB")
        try:
            row = read_json(text)
        except NotJson as error:
            _refuse(source, line, f"no JSON: {error}")
        if not isinstance(row, dict):
            _refuse(source, line, "no JSON object like {...}")
        yield line, row


def _read(row: dict[str, Json], source: str, line: int) -> Golden:
    strange = sorted(row.keys() - _KEYS)
    if strange:
        _refuse(source, line, f"unknown key {show(strange[0])}")
    if "request" not in row:
        _refuse(source, line, "request is missing")
    status = row.get("status", _OK)
    if (
        not isinstance(status, int)
        or isinstance(status, bool)
        or not _LOWEST <= status <= _HIGHEST
    ):
        _refuse(source, line, "status is no status of HTTP, from 200 to 599")
    if "expected" not in row and status == _OK:
        _refuse(source, line, "expected is missing: what does the pipeline answer?")
    expected = (row["expected"],) if "expected" in row else None
    return Golden(_read_id(row, source, line), line, row["request"], expected, status)


def _read_id(row: dict[str, Json], source: str, line: int) -> str:
    value = row.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip() or len(value) > _MAX_ID:
        _refuse(
            source,
            line,
            f"id is missing, or neither a text of at most {_MAX_ID} characters nor a"
            " whole number",
        )
    return value


def _refuse(source: str, line: int, why: str) -> NoReturn:
    raise PermanentError(
        f"{source}:{line}: {why}",
        hint='one request a line, like {"id": "a17", "request": {"age": 41},'
        ' "expected": {"score": 0.83}}; see docs/smoke.md',
    )
