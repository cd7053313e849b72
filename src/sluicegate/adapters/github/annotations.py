"""Findings at lines of files, as a check run at GitHub holds them. Pure."""

from collections.abc import Sequence

from sluicegate.adapters.github.node import Node
from sluicegate.model.code_host import Annotation, CheckRun

Known = tuple[str, int, int, str, str, str]
"""What makes an annotation the same as another."""


def format_output(
    check: CheckRun, annotations: Sequence[Annotation]
) -> dict[str, str | list[dict[str, str | int]]]:
    """What *check* shows, with these of its annotations."""
    said: dict[str, str | list[dict[str, str | int]]] = {
        "title": check.title,
        "summary": check.summary,
    }
    if annotations:
        said["annotations"] = [_format_annotation(each) for each in annotations]
    return said


def _format_annotation(annotation: Annotation) -> dict[str, str | int]:
    said: dict[str, str | int] = {
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "annotation_level": annotation.level,
        "message": annotation.message,
    }
    return {**said, "title": annotation.title} if annotation.title else said


def key_of(annotation: Annotation) -> Known:
    """What tells *annotation* from others."""
    return (
        annotation.path,
        annotation.start_line,
        annotation.end_line,
        annotation.level,
        annotation.message,
        annotation.title,
    )


def read_key(node: Node) -> Known:
    """What tells an annotation that GitHub has from others."""
    return (
        node.text("path"),
        node.number("start_line"),
        node.number("end_line"),
        node.text_or_none("annotation_level") or "",
        node.text_or_none("message") or "",
        node.text_or_none("title") or "",
    )
