"""What changed between two definitions of a pipeline, and which version that needs."""

from collections.abc import Iterator

from sluicegate.config.definition import canonical_json, definition_of
from sluicegate.config.tree import Node, Table, child
from sluicegate.model.version import Bump, Change

_GRAPH = ("uses", "needs")
"""Settings that make a stage another one, or put it in another place."""


def compare(old: Table, new: Table) -> Change | None:
    """What is different in the pipeline file *new*; None if its definition is *old*'s.

    The name does not count: it is what a version is told by.
    """
    before, after = definition_of(old), definition_of(new)
    stages = list(_compare_stages(_stages(before), _stages(after)))
    keys = _names(before, after) - {"name", "stages"}
    others = [
        (Bump.MINOR, f"{key} is {_how(child(before, key), child(after, key))}")
        for key in sorted(keys)
        if not _is_same(child(before, key), child(after, key))
    ]
    found = [*stages, *others]
    if not found:
        return None
    needs = Bump.MAJOR if any(bump is Bump.MAJOR for bump, _ in found) else Bump.MINOR
    return Change(needs, tuple(text for _, text in found))


def _compare_stages(old: Table, new: Table) -> Iterator[tuple[Bump, str]]:
    for name in [
        *old.entries,
        *(each for each in new.entries if each not in old.entries),
    ]:
        before, after = child(old, name), child(new, name)
        if before is None or after is None:
            yield Bump.MAJOR, f"stage {name} is {_how(before, after)}"
        elif not isinstance(before, Table) or not isinstance(after, Table):
            if not _is_same(before, after):
                yield Bump.MAJOR, f"stage {name} is changed"
        else:
            yield from _compare_settings(name, before, after)


def _compare_settings(name: str, old: Table, new: Table) -> Iterator[tuple[Bump, str]]:
    for key in sorted(_names(old, new)):
        before, after = child(old, key), child(new, key)
        if not _is_same(before, after):
            bump = Bump.MAJOR if key in _GRAPH else Bump.MINOR
            yield bump, f"{key} of stage {name} is {_how(before, after)}"


def _names(old: Table, new: Table) -> set[str]:
    return {*old.entries, *new.entries}


def _stages(definition: Table) -> Table:
    found = child(definition, "stages")
    return found if isinstance(found, Table) else Table(1, {})


def _is_same(old: Node | None, new: Node | None) -> bool:
    if old is None or new is None:
        return old is new
    return canonical_json(old) == canonical_json(new)


def _how(old: Node | None, new: Node | None) -> str:
    if old is None:
        return "new"
    return "gone" if new is None else "changed"
