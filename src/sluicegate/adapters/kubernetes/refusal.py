"""What an API server answers when it does not do what it was asked.

Source:
    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from sluicegate.adapters.kubernetes.values import Node
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import PermanentError

_LONGEST_WAIT = 3600.0  # seconds; who asks for more will not be waited for anyway
_NOT_TYPED = "failed to create typed patch object"


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong, in one *field*."""

    reason: str
    message: str
    field: str


class Refusal(Exception):  # noqa: N818 - an answer; `ClusterApi` makes errors of it
    """The server's answer is no: a ``Status``, or what a proxy says in its place."""

    def __init__(
        self, code: int, status: Node | None, retry_after: float | None
    ) -> None:
        self.code, self.retry_after = code, retry_after
        self.is_status = status is not None
        node = Node(None, "") if status is None else status
        self.reason = _text(node, "reason")
        self.message = show(_text(node, "message"), 600)
        self.kind = _text(node, "details", "kind")
        self.name = _text(node, "details", "name")
        self.causes = _causes(node)
        # Of server-side apply, what a schema does not know comes as a failure within.
        self.is_our_fault = self.message.startswith(_NOT_TYPED)
        super().__init__(f"HTTP {code} {show(self.reason, 60)}: {self.message}")


def parse_refusal(
    code: int, headers: Mapping[str, str], body: bytes, now: datetime
) -> Refusal:
    """The refusal that an answer with *code* is; never fails."""
    status = parse_status(body)
    wait = _retry_after(headers.get("retry-after"), now)
    if wait is None and status is not None:
        wait = _number(status, "details", "retryAfterSeconds")
    refusal = Refusal(code, status, None if wait is None else min(wait, _LONGEST_WAIT))
    if status is None:
        refusal.message = show(body[:600].decode(errors="replace"))
    return refusal


def parse_status(body: bytes) -> Node | None:
    """The ``Status`` in *body*, None if it is something else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.get("kind") != "Status":
        return None
    return Node(value, "the cluster's answer: ")


def _retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds, given as such or as a date (RFC 9110, 10.2.3)."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text.strip()[:9])
    try:
        return max((parsedate_to_datetime(text) - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _number(node: Node, *path: str) -> float | None:
    try:
        found = node.integer(*path)
    except PermanentError:
        return None
    return float(found) if found else None


def _text(node: Node, *path: str) -> str:
    try:
        return node.text(*path) or ""
    except PermanentError:
        return ""


def _causes(node: Node) -> tuple[Cause, ...]:
    try:
        found = node.items("details", "causes")
    except PermanentError:
        return ()
    return tuple(
        Cause(_text(each, "reason"), _text(each, "message"), _text(each, "field"))
        for each in found
    )
