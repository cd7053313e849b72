"""A copy of Trivy's report that is safe to keep. Pure.

Trivy masks a secret that one of its rules knows, but quotes the lines around it and
the lines of misconfigurations as they are, and copies the image's environment. Of all
that, evidence keeps the place only.
"""

import json
from typing import Any

from sluicegate.errors import PermanentError

_QUOTES = {"Match", "Code", "Secret", "Env", "history", "Highlighted"}
"""Keys whose values quote the scanned files or the image's environment."""


def redact(document: bytes) -> bytes:
    """Write *document* again without anything that quotes what was scanned.

    Raises:
        PermanentError: *document* is not JSON.
    """

    def visit(node: Any) -> Any:  # noqa: ANN401 - walks any JSON
        if isinstance(node, list):
            return [visit(item) for item in node]
        if isinstance(node, dict):
            return {
                key: visit(value) for key, value in node.items() if key not in _QUOTES
            }
        return node

    try:
        return json.dumps(visit(json.loads(document)), indent=1).encode()
    except (ValueError, RecursionError) as error:
        raise PermanentError(f"not a report of Trivy: {error}") from error
