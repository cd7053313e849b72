"""What the stable release is known for, where a gate compares with it."""

from collections.abc import Mapping

from sluicegate.engine.toolbox import Ports
from sluicegate.gates.gate import Gate
from sluicegate.model.evidence import Value


def stable_fields(gate: Gate, ports: Ports) -> Mapping[str, Mapping[str, Value]] | None:
    """What the stages found for the release that *gate* compares with, by stage.

    The log is not read for a gate that compares with none. None if it does not, or if
    nothing is released there.

    Raises:
        IntegrityError: the log is not what was committed.
    """
    if gate.stable_in is None:
        return None
    found = ports.stable.of(gate.stable_in)
    return None if found is None else found.fields
