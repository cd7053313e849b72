"""How somebody whom the rules do not know becomes known to them. Pure."""

import json
import re
from collections.abc import Iterator, Sequence

from sluicegate.gates.approvals import find_strangers
from sluicegate.gates.rules import Policy
from sluicegate.model.policy import People
from sluicegate.model.release_request import ReleaseRequest

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._-]*(@[A-Za-z0-9._-]+)?")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_ACCOUNT = re.compile(r"github:(.+)")


def introduce(policy: Policy, request: ReleaseRequest) -> Iterator[str]:
    """Say, a line each, what to list so that those become known who must not approve.

    The lines name identities as they are, so they are for whoever runs, and for no log.
    """
    for layer in policy.layers:
        if layer.approvals is None:
            continue
        for did, identities in find_strangers(layer.approvals, layer.people, request):
            if not identities:
                yield f"no name is known of who {did}: set `git config user.email`"
                continue
            line = people_line(identities, layer.people)
            yield (
                f"nobody knows who {did}: add to {layer.source}, under people: {line}"
                " (or under services, if it is nobody's)"
            )


def people_line(identities: Sequence[str], people: People) -> str:
    """The line under ``people:`` that makes whoever has *identities* known."""
    best = sorted(identities, key=rank_identity)
    # What a user of this machine is called says little elsewhere.
    kept = [each for each in best if not each.startswith("user:")] or best[:1]
    account = _ACCOUNT.fullmatch(kept[0])
    bare = account[1] if account else kept[0].partition("@")[0].removeprefix("user:")
    name = _NOT_IN_NAME.sub("-", bare).strip("-._") or "somebody"
    known = sorted(people.identities.get(name, ()), key=rank_identity)
    items = ", ".join(map(_quote, dict.fromkeys((*known, *kept))))
    return f"{_quote(name)}: [{items}]"


def rank_identity(identity: str) -> int:
    """How well it stands for a person: mail, account, user of a machine, a number."""
    if identity.startswith("user:"):
        return 3 if identity.removeprefix("user:").isdigit() else 2
    return 0 if "@" in identity else 1


def _quote(text: str) -> str:
    """*text* as YAML has it."""
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if is_plain else json.dumps(text, ensure_ascii=False)
