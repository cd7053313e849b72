"""What has changed since a result was found, in words for a person. Pure."""

from collections.abc import Collection, Mapping, Sequence

from sluicegate.model.tool import Tool

_SAID = {
    "definition": "definition",
    "files": "files",
    "upstream": "what earlier stages hand over",
    "champion": "the model to beat",
    "environment": "environment",
    "labels": "labels",
    "commit": "commit",
    "date": "date",
}
"""Parts of the inputs, the ones that explain most first; tools are told one by one."""


def find_changes(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """The parts of the inputs that differ, in the order in which they are told."""
    changed = {
        part for part in before.keys() | now.keys() if before.get(part) != now.get(part)
    }
    known = [part for part in ("tools", *_SAID) if part in changed]
    return (*known, *sorted(changed.difference(known)))


def describe_changes(
    changed: Sequence[str], before: Collection[Tool], now: Collection[Tool]
) -> str:
    """Say which parts *changed*: ``files and commit changed; ruff 0.4 is now 0.5``."""
    parts = [_SAID.get(part, part) for part in changed if part != "tools"]
    said = [f"{_listed(parts)} changed"] if parts else []
    if "tools" in changed:
        said += _tool_changes(before, now) or ["tools changed"]
    return "; ".join(said)


def _tool_changes(before: Collection[Tool], now: Collection[Tool]) -> list[str]:
    old = {tool.name: tool for tool in before}
    new = {tool.name: tool for tool in now}
    said = []
    for name in sorted(old.keys() | new.keys()):
        was, is_now = old.get(name), new.get(name)
        if was is None or is_now is None:
            said.append(f"{name} is {'new' if was is None else 'not used any more'}")
        elif was.version != is_now.version:
            said.append(f"{name} {was.version} is now {is_now.version}")
        elif was.digest != is_now.digest:
            said.append(_other_content(name, is_now.version))
    return said


def _other_content(name: str, version: str) -> str:
    if name == "project-python":
        return "the packages of the project's Python changed"
    return f"{name} {version} is another file than before"


def _listed(words: Sequence[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
