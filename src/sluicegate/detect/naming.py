"""Names for what was found: of the pipeline, of the image. Pure.

A name must be the same wherever the repository is cloned, so the folder's own name,
which its user chose, is the last resort.
"""

import re
import unicodedata
from pathlib import PurePosixPath

from sluicegate.detect.python import project_name
from sluicegate.detect.tree import Tree

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
_MAX_NAME = 60
_ADDRESS = re.compile(
    r"(?:[a-z+]+://(?:[^@/]*@)?|(?:[^@/]*@))?(?P<host>[\w.-]+)(?::\d+/|[:/])/*(?P<path>[^?#]+)"
)
# Code hosts that keep images beside the code, and where.
_REGISTRIES = {"github.com": "ghcr.io", "gitlab.com": "registry.gitlab.com"}


def slug(text: str) -> str:
    """*text* in lower-case letters, digits and single dashes; "" if none are in it.

    Letters lose their accents: "Prüfung" is "prufung".
    """
    parts = unicodedata.normalize("NFKD", text)
    plain = "".join(sign for sign in parts if not unicodedata.combining(sign))
    return _NOT_IN_A_NAME.sub("-", plain.lower()).strip("-")[:_MAX_NAME].strip("-")


def pipeline_project(tree: Tree, folder: str, name: str) -> str:
    """The first part of the pipeline's name."""
    repository = _repository(tree.remote)[1]
    candidates = (
        name,
        project_name(tree, folder),
        repository[-1] if repository else "",
        tree.name,
    )
    return next((slug(each) for each in candidates if slug(each)), "project")


def image_name(tree: Tree, folder: str, name: str) -> str:
    """The repository of the image: at the code host's registry, else a local name."""
    host, parts = _repository(tree.remote)
    own = (slug(name),) if slug(name) else ()
    if host in _REGISTRIES and len(parts) > 1:
        return "/".join((_REGISTRIES[host], *parts, *own))
    return pipeline_project(tree, folder, name)


def _repository(remote: str) -> tuple[str, tuple[str, ...]]:
    """The host and the path of a remote's address; ("", ()) if it is a local path."""
    found = _ADDRESS.fullmatch(remote.strip().lower())
    if found is None or remote.startswith(("/", ".", "file:")):
        return "", ()
    path = PurePosixPath(found["path"].rstrip("/").removesuffix(".git"))
    parts = tuple(_component(part) for part in path.parts if _component(part))
    return found["host"], parts


def _component(text: str) -> str:
    """*text* as a part of an image's name: single separators, inside only.

    Source:
        https://github.com/distribution/reference (grammar, path-component).
    """
    plain = re.sub(r"[^a-z0-9._-]+", "-", text.lower())
    return re.sub(r"[._-]{2,}", "-", plain).strip("._-")
