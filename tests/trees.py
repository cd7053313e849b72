"""Folders for detection, made of names and words."""

from collections.abc import Mapping

from sluicegate.detect.tree import Tree, worth_reading


def make_tree(
    files: Mapping[str, str], *, name: str = "project", remote: str = ""
) -> Tree:
    """A folder that holds *files*; only what is worth reading has been read."""
    sizes = {path: len(text.encode()) for path, text in files.items()}
    texts = {path: files[path] for path in worth_reading(sizes)}
    return Tree(name, sizes, texts, remote)
