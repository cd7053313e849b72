"""Declared outputs of a stage: kept with its evidence, and put back from it."""

import json
from collections.abc import Sequence

from sluicegate.engine.toolbox import Ports
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import OUTPUTS, EvidenceFile
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
    listed = [
        {
            "path": file.path,
            "digest": str(ports.evidence.keep(file.data)),
            "size": len(file.data),
            "executable": file.executable,
        }
        for file in ports.workspace.collect(patterns)
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
            for entry in _read_list(ports.evidence.load(file.digest)):
                ports.workspace.restore(
                    ProjectFile(
                        entry[0], ports.evidence.load(Digest.parse(entry[1])), entry[2]
                    )
                )


def _read_list(data: bytes) -> list[tuple[str, str, bool]]:
    """The paths, digests and modes in a list that `keep_outputs` has written."""
    try:
        return [
            (str(entry["path"]), str(entry["digest"]), entry["executable"] is True)
            for entry in json.loads(data)
        ]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise PermanentError(f"{OUTPUTS} is not a list of outputs") from error
