"""From raw answers to evidence: what was answered otherwise than it should be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from sluicegate.model.evidence import Value
from sluicegate.stages.output import count
from sluicegate.stages.serving.answers import Replay, Said
from sluicegate.stages.serving.exchanges import Exchange
from sluicegate.stages.serving.golden import Golden
from sluicegate.stages.serving.likeness import Rules, compare
from sluicegate.stages.serving.orders import Asking, VariantOrders
from sluicegate.stages.serving.replies import Replies

_BATCHES = ("forward/", "backward/")
_VARIANTS = ("unknown", "null/", "missing/", "nan/")
_MAX_NUMBER = 2.0**53 / 1e6 - 1  # the log holds millionths, and no larger ones
_MAX_MESSAGE = 300
_LAST_LINES, _MAX_WORDS = 3, 200


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something that is not as it should be; ``line`` of the golden file."""

    rule: str
    message: str
    line: int


@dataclass(frozen=True, slots=True)
class Judged:
    """What the answers show."""

    fields: dict[str, Value]
    complaints: tuple[Complaint, ...]
    summary: str


@dataclass(slots=True)
class _Tally:
    """Over all golden requests."""

    values: int = 0
    largest: Fraction | None = None
    complaints: list[Complaint] = field(default_factory=list)


def judge(
    golden: Sequence[Golden],
    exchanges: Sequence[Exchange],
    asking: Asking,
    rules: Rules,
    replay: Replay,
) -> Judged:
    """Hold the answers of *replay* to what was expected."""
    asked = count(len(golden), "golden request")
    if replay.ready_ms is None:
        words = _last_words(replay.output)
        said = f"not ready: {replay.why}"
        if "no answer: " in replay.why:
            said += "; does it listen on `port`, and on all addresses?"
        if words:
            said += f"; its last words: {words}"
        return Judged({"ready": False, "golden": len(golden)}, (), said)
    replies = Replies(exchanges, asking, rules, replay)
    tally = _judge_golden(golden, replies)
    complaints = tally.complaints
    wrong = len(complaints)
    fields: dict[str, Value] = {
        "ready": True,
        "ready_ms": replay.ready_ms,
        "running": not replay.ended,
        "golden": len(golden),
        "values": tally.values,
        "mismatches": wrong,
        "unanswered": replies.unanswered,
    }
    if tally.largest is not None and tally.largest < _MAX_NUMBER:
        fields["largest_difference"] = float(tally.largest)
    parts = [f"{asked}, {count(wrong, 'mismatch', 'mismatches')}"]
    if asking.batch is not None:
        found = list(_judge_batches(golden, replies))
        fields["batch_mismatches"] = len(found)
        parts.append(f"{len(found)} answered otherwise in a batch")
        complaints = [*complaints, *found]
    if not asking.variants.is_empty:
        found = list(_judge_variants(golden, replies, asking.variants))
        variants = len(replies.asked(*_VARIANTS))
        fields["variants"], fields["variant_failures"] = variants, len(found)
        parts.append(f"{count(variants, 'variant')}, {len(found)} failed")
        complaints = [*complaints, *found]
    if replay.ended:
        parts.append(f"the container {replay.ended}")
    if complaints:
        parts.append(complaints[0].message)
    return Judged(fields, tuple(complaints), "; ".join(parts))


def _last_words(output: str) -> str:
    """The end of what a container has written, on one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    text = " | ".join(lines[-_LAST_LINES:])
    return text if len(text) <= _MAX_WORDS else f"…{text[-_MAX_WORDS:]}"


def _judge_golden(golden: Sequence[Golden], replies: Replies) -> _Tally:
    tally = _Tally()
    for number, each in enumerate(golden):
        rule, how = _judge_one(each, replies.alone(number), replies.rules, tally)
        if how:
            tally.complaints.append(_complain(rule, each, how))
    return tally


def _judge_one(
    golden: Golden, said: Said, rules: Rules, tally: _Tally
) -> tuple[str, str]:
    """Which rule an answer breaks, and how; "how" is empty if it breaks none."""
    if said.status is None:
        return "no-answer", said.fault
    if said.status != golden.status:
        return "status", f"status {said.status}, expected {golden.status}"
    if golden.expected is None:
        return "status", ""
    if said.json is None:
        return "no-json", said.fault
    found = compare(golden.expected[0], said.json[0], rules)
    tally.values += found.values
    if found.largest is not None:
        tally.largest = max(found.largest, tally.largest or Fraction(0))
    if found.is_alike:
        return "mismatch", ""
    more = f" (and {found.count - 1} more)" if found.count > 1 else ""
    return "mismatch", f"{found.differences[0]}{more}"


def _judge_batches(golden: Sequence[Golden], replies: Replies) -> Iterator[Complaint]:
    """One complaint for each golden request that some batch answers otherwise."""
    seen: set[int] = set()
    for exchange in replies.asked(*_BATCHES):
        found = replies.predictions(exchange.key)
        for at, number in enumerate(exchange.members):
            if number in seen:
                continue
            how = (
                found
                if isinstance(found, str)
                else _judge_place(replies, replies.alone(number), found, at)
            )
            if how:
                seen.add(number)
                size = len(exchange.members)
                yield _complain("batch", golden[number], f"in a batch of {size}: {how}")


def _judge_place(replies: Replies, alone: Said, found: Sequence[Said], at: int) -> str:
    """Why the prediction *at* its place is not what came *alone*; empty if it is."""
    how = replies.why_other(alone, found[at])
    if how and alone.json is not None:
        for other, each in enumerate(found):
            if not replies.why_other(alone, each):
                return f"its answer is at place {other + 1}, and not at {at + 1}"
    return how


def _judge_variants(
    golden: Sequence[Golden], replies: Replies, variants: VariantOrders
) -> Iterator[Complaint]:
    """One complaint for each request with or without a field that went wrong."""
    (number,) = replies.asked(*_VARIANTS)[0].members
    base, alone = golden[number], replies.alone(number)
    for exchange in replies.asked(*_VARIANTS):
        kind, _, name = exchange.key.partition("/")
        if kind == "unknown":
            how = (
                replies.why_not_refused(exchange.key)
                if variants.unknown_field == "refused"
                else replies.why_other(alone, replies.said(exchange.key))
            )
            name = "an unknown field"
        elif name in variants.required:
            how = replies.why_not_refused(exchange.key)
        else:
            null = replies.said(f"null/{name}")
            how = replies.why_other(null, replies.said(exchange.key))
        if how:
            yield _complain("variant", base, f"{_WITH[kind].format(name)}: {how}")


_WITH = {
    "unknown": "with {}",
    "null": "with null for {}",
    "missing": "without {}",
    "nan": "with NaN for {}",
}


def _complain(rule: str, golden: Golden, how: str) -> Complaint:
    return Complaint(rule, f"{golden.id[:60]!a}: {how[:_MAX_MESSAGE]}", golden.line)
