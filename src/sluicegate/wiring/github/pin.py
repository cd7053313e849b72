"""Which commit of the Action's repository this version is."""

import importlib.metadata
import json
import re
from contextlib import suppress
from pathlib import Path

from sluicegate.detect.github.files import ACTION

_COMMIT = re.compile(r"[0-9a-f]{40}")
_FILE = Path(__file__).resolve().parents[2] / "COMMIT"


def find_commit() -> str | None:
    """The commit that this version was made of; None where nothing says so.

    A wheel of a release holds it in a file, and one that was installed out of Git has
    it from its installer. A clone has a commit, too, which need not be published.

    Source:
        PEP 610, ``direct_url.json``.
    """
    with suppress(OSError, UnicodeDecodeError):
        return _checked(_FILE.read_text(encoding="ascii").strip())
    with suppress(importlib.metadata.PackageNotFoundError, ValueError, AttributeError):
        text = importlib.metadata.distribution("sluicegate").read_text(
            "direct_url.json"
        )
        said = json.loads(text or "{}")
        if ACTION in str(said.get("url", "")):
            return _checked(str(said.get("vcs_info", {}).get("commit_id", "")))
    return None


def _checked(text: str) -> str | None:
    return text if _COMMIT.fullmatch(text) else None
