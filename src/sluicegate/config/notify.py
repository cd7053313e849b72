"""Whom to tell, out of a pipeline file: each entry checked against its kind."""

from collections.abc import Mapping
from itertools import combinations

from sluicegate.config.check import Checker
from sluicegate.config.tree import Items, Leaf, Node, Path, Table, child
from sluicegate.config.wording import suggest
from sluicegate.stages.notify import CommandNotify, Notify, WebhookNotify

_KINDS: Mapping[str, type[WebhookNotify | CommandNotify]] = {
    "command": CommandNotify,
    "webhook": WebhookNotify,
}
_ALIEN = {
    "webhook": ("run", "a webhook has a url; what to run is for uses: command"),
    "command": ("url", "a command has what to run; a url is for uses: webhook"),
}
_MAX_ENTRIES = 20


def read_notify(checker: Checker) -> tuple[Notify, ...]:
    """Read every entry, and report all that is wrong with any of them."""
    node = child(checker.root, "notify")
    if not isinstance(node, Items):
        return ()  # absent, or reported with the rest of the document
    if len(node.items) > _MAX_ENTRIES:
        checker.report(("notify",), f"must have at most {_MAX_ENTRIES} entries")
        return ()
    found: dict[int, Notify] = {}
    for index, item in enumerate(node.items):
        entry = _read_entry(checker, ("notify", index), item)
        if entry is not None:
            found[index] = entry
            _check_repetition(checker, index, entry)
    _check_overlap(checker, found)
    return tuple(found.values())


def _read_entry(checker: Checker, path: Path, item: Node) -> Notify | None:
    uses = child(item, "uses")
    choice = suggest("", _KINDS)
    if not isinstance(item, Table):
        checker.report(path, f"must say what it uses{choice}")
    elif uses is None:
        checker.report(path, f"'uses' is missing{choice}")
    elif not isinstance(uses, Leaf) or not isinstance(uses.value, str):
        checker.report((*path, "uses"), f"must be text{choice}")
    elif uses.value not in _KINDS:
        message = f"unknown kind {uses.value!r}{suggest(uses.value, _KINDS)}"
        checker.report((*path, "uses"), message)
    else:
        alien, advice = _ALIEN[uses.value]
        if alien in item.entries:
            checker.report((*path, alien), advice)
        else:
            return checker.read(_KINDS[uses.value], path)
    return None


def _check_repetition(checker: Checker, index: int, entry: Notify) -> None:
    for place, occasion in enumerate(entry.on):
        if occasion in entry.on[:place]:
            path = ("notify", index, "on", place)
            checker.report(path, f"{occasion.value!r} is already given")


def _check_overlap(checker: Checker, found: Mapping[int, Notify]) -> None:
    """Report what would be told twice at the same place."""
    for (first, one), (second, other) in combinations(found.items(), 2):
        if _place(one) != _place(other):
            continue
        both = [occasion.value for occasion in one.on if occasion in other.on]
        if both:
            checker.report(
                ("notify", second),
                f"tells of {', '.join(both)} where notify.{first} already does",
            )


def _place(entry: Notify) -> tuple[str, ...]:
    match entry:
        case WebhookNotify():
            return ("webhook", entry.url.env)
        case CommandNotify():
            return entry.argv
