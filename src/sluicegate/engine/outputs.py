"""Declared outputs of a stage: kept with its evidence, and put back from it."""

import json
from collections.abc import Iterable, Iterator, Sequence

from sluicegate.engine.toolbox import Ports
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import OUTPUTS, EvidenceFile
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.workspace import ProjectFile

_MEDIA_TYPE = "application/json"


def keep_outputs(patterns: Sequence[str], ports: Ports) -> tuple[EvidenceFile, ...]:
    """Keep what the stage wrote, and the list of it as one file of evidence.

    Raises:
        PermanentError: it did not write what it declares.
        ExternalError: it cannot be kept.
    """
    if not patterns:
        return ()
    return keep_listed(ports.workspace.collect(patterns), ports)


def keep_listed(files: Iterable[ProjectFile], ports: Ports) -> tuple[EvidenceFile, ...]:
    """Keep *files*, and the list of them as one file of evidence.

    Raises:
        ExternalError: they cannot be kept.
    """
    listed = [
        {
            "path": file.path,
            "digest": str(ports.evidence.keep(file.data)),
            "size": len(file.data),
            "executable": file.executable,
        }
        for file in files
    ]
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
