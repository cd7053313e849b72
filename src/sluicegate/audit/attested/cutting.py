"""Keeping of what a code host said only what answers are judged by. Pure.

Evidence may be public and is kept for years. A run comes with addresses from its commit
and all about its repository, some 20 kB of it, by which nothing is judged.
"""

import json
from collections.abc import Mapping
from typing import TypeAlias

from sluicegate.audit.attested.said import parse_said

_Kept: TypeAlias = Mapping[str, "_Kept | None"]
"""The keys of an object, or of each in a list, and what to keep below them."""

_ACCOUNT: _Kept = {"id": None, "login": None, "type": None}
_RUN: _Kept = {
    "actor": _ACCOUNT,
    "conclusion": None,
    "created_at": None,
    "display_title": None,
    "event": None,
    "head_branch": None,
    "head_sha": None,
    "html_url": None,
    "id": None,
    "path": None,
    "repository": {"id": None},
    "run_attempt": None,
    "status": None,
    "triggering_actor": _ACCOUNT,
}
_COMMENT: _Kept = {
    "body": None,
    "created_at": None,
    "html_url": None,
    "id": None,
    "performed_via_github_app": {"id": None},
    "updated_at": None,
    "user": _ACCOUNT,
}
_REVIEW: _Kept = {
    "comment": None,
    "environments": {"name": None},
    "state": None,
    "user": _ACCOUNT,
}


def cut_run(raw: bytes) -> str:
    """What `read_run` reads of the run *raw*.

    Raises:
        IntegrityError: it is no JSON object.
    """
    return _cut(raw, _RUN)


def cut_comment(raw: bytes) -> str:
    """What `read_comment` reads; else as `cut_run`."""
    return _cut(raw, _COMMENT)


def cut_review(raw: bytes) -> str:
    """What `read_review` reads; else as `cut_run`."""
    return _cut(raw, _REVIEW)


def _cut(raw: bytes, kept: _Kept) -> str:
    said = parse_said(raw.decode("utf-8", "replace"))
    # As the host's answers come: see `WorkflowRun.raw`.
    return json.dumps(_keep(said, kept), sort_keys=True, separators=(",", ":"))


def _keep(value: object, kept: _Kept | None) -> object:
    """*value* without what *kept* does not name; null stays apart from an object."""
    if kept is None:
        return value
    if isinstance(value, Mapping):
        return {
            key: _keep(value[key], below) for key, below in kept.items() if key in value
        }
    if isinstance(value, list):
        return [_keep(each, kept) for each in value]
    return value
