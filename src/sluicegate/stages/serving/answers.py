"""What the program that asked has written: raw answers, and no verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from sluicegate.errors import PermanentError
from sluicegate.stages.serving.exchanges import Exchange
from sluicegate.stages.serving.json_text import Json, NotJson, read_json

MAX_BODY = 1 << 20
"""Bytes of one answer, head and all."""


def _check_printable(value: str) -> str:
    if not all(letter.isprintable() or letter == "\n" for letter in value):
        raise ValueError("not printable")
    return value


_Text = Annotated[str, StringConstraints(max_length=20_000)]
_Words = Annotated[_Text, AfterValidator(_check_printable)]


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class Answer(_Plain):
    """One answer. ``fault`` says why there is none, else it is empty."""

    key: _Text
    request: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    status: Annotated[int, Field(ge=100, le=999)] | None
    body: Annotated[str, StringConstraints(max_length=MAX_BODY)]
    fault: _Words


class Replay(_Plain):
    """A whole replay of ``image``, by its ID.

    ``why`` says why the service did not become ready, else it is empty. ``ready_ms`` is
    None if it did not. ``ended`` says how the container ended by itself, else it is
    empty; ``output`` are its last words.
    """

    image: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
    ready_ms: Annotated[int, Field(ge=0, lt=10**10)] | None
    why: _Words
    ended: _Words
    output: _Words
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Said:
    """What a service said to one request. ``json`` is in a tuple, or None.

    ``fault`` says why there is no JSON to be compared.
    """

    status: int | None
    json: tuple[Json] | None
    fault: str


def read_replay(data: bytes, exchanges: Sequence[Exchange]) -> Replay:
    """Read what was written, of *exchanges*, all of them and in their order.

    Raises:
        PermanentError: it is something else.
    """
    try:
        replay = Replay.model_validate_json(data)
    except (ValidationError, RecursionError) as error:
        raise PermanentError("the report on the answers cannot be read") from error
    asked = [(each.key, each.digest) for each in exchanges]
    told = [(each.key, each.request) for each in replay.answers]
    is_ready = replay.ready_ms is not None
    if is_ready == bool(replay.why) or told != (asked if is_ready else []):
        raise PermanentError(
            "the answers are not those to the golden requests",
            hint="was the golden file changed meanwhile?",
        )
    return replay


def read_answer(answer: Answer) -> Said:
    """What *answer* says, or why it says nothing."""
    if answer.fault or answer.status is None:
        return Said(None, None, answer.fault or "no answer")
    try:
        return Said(answer.status, (read_json(answer.body.encode()),), "")
    except (NotJson, UnicodeEncodeError) as error:
        return Said(answer.status, None, f"no JSON: {error}")
