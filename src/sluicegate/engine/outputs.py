"""Declared outputs of a stage: kept with its evidence, and put back from it."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from sluicegate.engine.toolbox import Ports
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import OUTPUTS, EvidenceFile, KeptFile
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.workspace import ProjectFile

_MEDIA_TYPE = "application/json"

Check = Callable[[Sequence[KeptFile]], None]
"""Raises `PermanentError` where what is kept is not what the stage has told of."""


def keep_outputs(
    patterns: Sequence[str], check: Check, ports: Ports
) -> tuple[EvidenceFile, ...]:
    """Keep what the stage wrote, and the list of it as one file of evidence.

    Raises:
        PermanentError: it did not write what it declares, or *check* does not pass.
        ExternalError: it cannot be kept.
    """
    if not patterns:
        return ()
    return keep_listed(ports.workspace.collect(patterns), check, ports)


def keep_listed(
    files: Iterable[ProjectFile], check: Check, ports: Ports
) -> tuple[EvidenceFile, ...]:
    """Keep *files*, and the list of them as one file of evidence.

    Raises:
        PermanentError: *check* does not pass.
        ExternalError: they cannot be kept.
    """
    kept: list[KeptFile] = []
    listed = []
    for file in files:
        digest = ports.evidence.keep(file.data)
        kept.append(KeptFile(file.path, len(file.data), digest))
        listed.append(
            {
                "path": file.path,
                "digest": str(digest),
                "size": len(file.data),
                "executable": file.executable,
            }
        )
    check(kept)
    data = json.dumps(listed, indent=1, ensure_ascii=False).encode()
    digest = ports.evidence.keep(data)
    return (EvidenceFile(OUTPUTS, _MEDIA_TYPE, len(data), digest),)


def restore_outputs(files: Sequence[EvidenceFile], ports: Ports) -> None:
    """Put the outputs back that an earlier attempt has kept, if it kept any.

    Raises:
        IntegrityError: one is missing, or not what was kept.
        ExternalError: one cannot be written.
    """
    for file in files:
        if file.name == OUTPUTS:
            for each in load_outputs(file, ports.evidence):
                ports.workspace.restore(each)


def is_declared(path: str, patterns: Sequence[str]) -> bool:
    """Whether one of *patterns* names *path*, or a folder that holds it."""
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return False
    return any(_matches(parts, PurePosixPath(pattern).parts) for pattern in patterns)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return True  # a folder stands for all files in it
    if pattern[0] == "**":
        rest = pattern[1:]
        return any(_matches(parts[at:], rest) for at in range(len(parts) + 1))
    if not parts or not fnmatchcase(parts[0], pattern[0]):
        return False
    return _matches(parts[1:], pattern[1:])


def load_outputs(listed: EvidenceFile, kept: EvidenceStore) -> Iterator[ProjectFile]:
    """The outputs that *listed* lists.

    Raises:
        IntegrityError: one is missing, or not what was kept.
    """
    for path, digest, executable in _read_list(kept.load(listed.digest)):
        yield ProjectFile(path, kept.load(Digest.parse(digest)), executable)


def _read_list(data: bytes) -> list[tuple[str, str, bool]]:
    """The paths, digests and modes in a list that `keep_outputs` has written."""
    try:
        return [
            (str(entry["path"]), str(entry["digest"]), entry["executable"] is True)
            for entry in json.loads(data)
        ]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise PermanentError(f"{OUTPUTS} is not a list of outputs") from error
