"""What an entry gate still waits for, and whose answers did not count, for people."""

from collections.abc import Iterator, Sequence

from sluicegate.gates.approvals import Hearing
from sluicegate.gates.layer import JudgedLayer
from sluicegate.gates.standing import object_to_reject, write_who
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ConditionResult
from sluicegate.model.release_request import Answer, Approval


def list_missing(
    layers: Sequence[JudgedLayer], rules: Sequence[ConditionResult], hearing: Hearing
) -> Iterator[str]:
    """Say who or what is missing, a line each: people first.

    Where there are several layers, each line about people names its file.

    Args:
        layers: how each was judged.
        rules: the results of all rules, those about people among them.
        hearing: the request, and what was said.
    """
    for layer in layers:
        if layer.asked is not None:
            yield from _of_layer(layer, layer.asked.missing, layers)
    if any(_is_override(given, hearing) for given in hearing.answers):
        yield from _of_override(layers)
    people = [result for layer in layers for result in layer.people]
    for rule in rules:
        if rule.verdict is not Verdict.OPEN and rule not in people:
            yield rule.reason


def list_ignored(layers: Sequence[JudgedLayer], hearing: Hearing) -> Iterator[str]:
    """Say whose answers were counted in no layer, and why, in the order of the log.

    What was said to other requests before this one was made is history.
    """
    for given in sorted(hearing.answers, key=lambda answer: answer.index):
        is_history = given.recorded < hearing.request.created
        if given.request != hearing.request_id and is_history:
            continue
        why = _find_objection(given, layers, hearing)
        if why:
            who = write_who(given)
            yield f"{given.answer.value} of {who} does not count: {why}"


def _of_layer(
    layer: JudgedLayer, lines: Sequence[str], layers: Sequence[JudgedLayer]
) -> Iterator[str]:
    several = len(layers) > 1
    for line in lines:
        yield f"{layer.rules.source}: {line}" if several else line


def _of_override(layers: Sequence[JudgedLayer]) -> Iterator[str]:
    for layer in layers:
        if not layer.must_be_overridden:
            continue
        lines = ("nobody may",) if layer.glass is None else layer.glass.missing
        yield from _of_layer(layer, [f"to override: {line}" for line in lines], layers)


def _is_override(given: Approval, hearing: Hearing) -> bool:
    return given.answer is Answer.OVERRIDE and given.request == hearing.request_id


def _find_objection(
    given: Approval, layers: Sequence[JudgedLayer], hearing: Hearing
) -> str:
    """Why *given* counts in no layer; empty if it counts in one."""
    if given.answer is Answer.REJECT:
        return object_to_reject(given, hearing)
    tallies = [
        layer.asked if given.answer is Answer.APPROVE else layer.glass
        for layer in layers
    ]
    asked = [tally for tally in tallies if tally is not None]
    if not asked:
        return "nobody is asked for one"
    if any(given.statement not in tally.ignored for tally in asked):
        return ""
    return asked[0].ignored[given.statement]
