"""Give the pipeline of a file another name, and leave all else as it is."""

import codecs

import yaml

from sluicegate.config.definition import canonical_json
from sluicegate.config.source import parse_source
from sluicegate.config.tree import Entry, Leaf, Table, child
from sluicegate.errors import UsageError


def rename_pipeline(data: bytes, name: str, old: str, new: str) -> bytes:
    """The pipeline file *data*, in which *new* stands for its name *old*.

    No other byte is changed: comments, layout, quotes and line ends stay.

    Args:
        data: the bytes of the file.
        name: what people call the file.
        old: the name in it.
        new: what it is to be: a name that needs no quotes.

    Raises:
        PipelineFileError: it is no YAML.
        UsageError: the name does not stand in it as it is.
    """
    root = parse_source(data, name)
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    text = data.removeprefix(mark).decode()
    start, end = _place(text)
    written = text[start:end]
    by_hand = UsageError(
        f"{name} does not name its pipeline {old} in a way that can be rewritten",
        hint=f"write `name: {new}` there",
    )
    if written.count(old) != 1:
        raise by_hand
    renamed = text[:start] + written.replace(old, new) + text[end:]
    changed = mark + renamed.encode()
    entries = {**root.entries, "name": Entry(1, Leaf(1, new))}
    if canonical_json(parse_source(changed, name)) != canonical_json(Table(1, entries)):
        raise by_hand
    return changed


def read_name(root: Table) -> str | None:
    """The name in a pipeline file, if it has one."""
    node = child(root, "name")
    value = node.value if isinstance(node, Leaf) else None
    return value if isinstance(value, str) else None


def _place(text: str) -> tuple[int, int]:
    """Where the value of the key ``name`` begins and ends, in characters.

    The text has been read before: it holds no aliases, which could grow here.
    """
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    assert isinstance(root, yaml.MappingNode)
    for key, value in root.value:
        if key.value == "name":
            return value.start_mark.index, value.end_mark.index
    return 0, 0
