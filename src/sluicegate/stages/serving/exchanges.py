"""Everything that the service is asked, in order. Pure, so that it is known twice.

The program that asks and the stage that judges make the same list from the same golden
file: an answer is judged by the request it belongs to, and by no word of the program.
"""

import copy
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sluicegate.errors import PermanentError
from sluicegate.stages.serving.golden import Golden
from sluicegate.stages.serving.json_path import Part, find
from sluicegate.stages.serving.json_text import Json, write_json
from sluicegate.stages.serving.orders import Asking, parse_field

UNKNOWN = "sluicegate_unknown_field"
_NAN = b"NaN"  # no JSON, and yet what Python's and JavaScript's kin send and take


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request. ``key`` says what it is for; ``members`` whose answers it holds.

    The members are numbers of golden requests, in the order of a batch.
    """

    key: str
    method: str
    path: str
    body: bytes
    members: tuple[int, ...]

    @property
    def digest(self) -> str:
        """Of all that is sent."""
        head = f"{self.method} {self.path}\n".encode()
        return hashlib.sha256(head + self.body).hexdigest()


def plan_exchanges(golden: Sequence[Golden], asking: Asking) -> tuple[Exchange, ...]:
    """All requests: every golden one alone, in batches, and what is asked besides.

    Raises:
        PermanentError: the golden requests do not serve for what is to be asked.
    """
    singles = (
        _single(f"golden/{number}", each.request, asking, number)
        for number, each in enumerate(golden)
    )
    return (*singles, *_batches(golden, asking), *_variants(golden, asking))


def base_of_variants(golden: Sequence[Golden]) -> int:
    """The number of the golden request that is varied: the first that is answered.

    Raises:
        PermanentError: there is none.
    """
    for number, each in enumerate(golden):
        if each.is_answered and isinstance(each.request, dict):
            return number
    raise PermanentError(
        "variants are made of a golden request that is a JSON object with an expected"
        " answer, and there is none"
    )


def _single(key: str, request: Json, asking: Asking, number: int) -> Exchange:
    body = request
    if asking.batch is not None and asking.wraps:
        body = asking.batch.wrap([request])
    return Exchange(key, asking.method, asking.path, write_json(body), (number,))


def _batches(golden: Sequence[Golden], asking: Asking) -> Iterator[Exchange]:
    """All that is answered, in batches: in the file's order, and the other way round.

    The other way round a request has other neighbours and another place.
    """
    batch = asking.batch
    if batch is None:
        return
    fit = [number for number, each in enumerate(golden) if each.is_answered]
    if len(fit) < 2:  # noqa: PLR2004 - of one there is nothing to be told
        raise PermanentError(
            "a batch of many needs two golden requests or more that are answered"
        )
    for name, order in (("forward", fit), ("backward", fit[::-1])):
        for start in range(0, len(order), batch.size):
            members = tuple(order[start : start + batch.size])
            body = batch.wrap([golden[number].request for number in members])
            path = batch.path or asking.path
            key = f"{name}/{start}"
            yield Exchange(key, asking.method, path, write_json(body), members)


def _variants(golden: Sequence[Golden], asking: Asking) -> Iterator[Exchange]:
    variants = asking.variants
    if variants.is_empty:
        return
    number = base_of_variants(golden)
    request = golden[number].request
    assert isinstance(request, dict)
    if variants.unknown_field is not None:
        more: Json = {**request, UNKNOWN: 1}
        yield _single("unknown", more, asking, number)
    for field in (*variants.required, *variants.optional):
        place = parse_field(field)
        found = find(request, place)
        if found is None:
            raise PermanentError(
                f"golden request {golden[number].id!a} has no field {field}, so nothing"
                " can be asked without it",
                hint="variants are made of the first golden request that is answered",
            )
        null = _single(f"null/{field}", _vary(request, place, None), asking, number)
        yield null
        yield _single(f"missing/{field}", _without(request, place), asking, number)
        value = found[0]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if field in variants.required and is_number:
            yield _not_a_number(f"nan/{field}", request, place, asking, number)


def _vary(request: Json, place: Sequence[Part], value: Json) -> Json:
    varied = copy.deepcopy(request)
    holder = _holder(varied, place)
    holder[place[-1]] = value
    return varied


def _without(request: Json, place: Sequence[Part]) -> Json:
    varied = copy.deepcopy(request)
    del _holder(varied, place)[place[-1]]
    return varied


def _holder(value: Json, place: Sequence[Part]) -> "dict[Part, Json]":
    found = find(value, place[:-1])
    assert found is not None
    assert isinstance(found[0], dict)
    return found[0]  # type: ignore[return-value]  # the last part is a name


def _not_a_number(
    key: str, request: Json, place: Sequence[Part], asking: Asking, number: int
) -> Exchange:
    """A request in which NaN stands, which no writer of JSON writes on purpose."""
    mark = "sluicegate-nan"
    text = str(write_json(request))
    while mark in text:
        mark += "-"
    exchange = _single(key, _vary(request, place, mark), asking, number)
    body = exchange.body.replace(write_json(mark), _NAN)
    return Exchange(key, exchange.method, exchange.path, body, exchange.members)
