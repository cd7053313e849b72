"""What serves in a cluster, and nobody has said which release that is."""

import json
import re

from sluicegate.adapters.targets.kubernetes.marks import STABLE
from sluicegate.errors import PermanentError

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9./:_@-]*")


class StrangerError(PermanentError):
    """There is nothing to compare a canary with, or to go back to."""


def adopt_by(annotated: str, image: str) -> str:
    """How a person says which release it is that serves.

    Args:
        annotated: the command up to the annotation: ``kubectl annotate rollout shop``.
        image: what serves, as far as it is known.
    """
    given = {
        "commit": "COMMIT",
        "image": "sha256:IMAGE_ID",
        "name": "TAG",
        "reference": image if _PLAIN.fullmatch(image) else "NAME@sha256:DIGEST",
    }
    text = json.dumps(given, sort_keys=True, separators=(",", ":"))
    return f"say so, with its commit, tag and image ID: {annotated} '{STABLE}={text}'"
