"""The id of an attempt at a stage, which no other attempt of any run has."""

import re
from collections.abc import Mapping

from sluicegate.errors import UsageError
from sluicegate.model.credential import is_secret_value

LABEL_NAME = r"[a-z][a-z0-9_]{0,31}"
LABEL_VALUE = r"[A-Za-z0-9._-]{1,64}"
_LABEL = re.compile(f"({LABEL_NAME})=({LABEL_VALUE})")
_LABELS = re.compile(rf"/{_LABEL.pattern}(,{_LABEL.pattern})*")
_NUMBER = re.compile(r"[1-9][0-9]*")


def parse_labels(texts: tuple[str, ...]) -> dict[str, str]:
    """Read labels written ``name=value``, sorted by name.

    Raises:
        UsageError: one has another form, looks like a credential, or a name is given
            twice.
    """
    labels: dict[str, str] = {}
    for text in texts:
        found = _LABEL.fullmatch(text)
        if found is None:
            raise UsageError(
                f"not a label: {text!r}",
                hint="write name=value, like os=linux: the name of a-z, 0-9 and _, the"
                " value of letters, digits, dot, - and _",
            )
        if found[1] in labels:
            raise UsageError(f"label {found[1]!r} is given twice")
        if is_secret_value(found[2]):
            raise UsageError(
                f"the value of label {found[1]!r} looks like a credential",
                hint="labels are written into the audit log, which forgets nothing",
            )
        labels[found[1]] = found[2]
    return dict(sorted(labels.items()))


def write_labels(labels: Mapping[str, str]) -> str:
    """``os=linux,python=3.12``, sorted; empty without labels."""
    return ",".join(f"{name}={value}" for name, value in sorted(labels.items()))


def task_id(run_id: str, labels: Mapping[str, str], stage: str, attempt: int) -> str:
    """``<run id>/<stage>/<attempt>``, with the labels of the run after its id.

    The jobs of a matrix may share a run id; their labels tell their tasks apart.
    """
    head = f"{run_id}/{write_labels(labels)}" if labels else run_id
    return f"{head}/{stage}/{attempt}"


def is_task_of(text: str, run_id: str, stage: str, attempt: int | None = None) -> bool:
    """Whether *text* is the id of a task of that run and stage, and of that attempt."""
    head, _, number = text.rpartition("/")
    if not head.startswith(run_id) or not head.endswith(f"/{stage}"):
        return False
    labels = head[len(run_id) : -len(f"/{stage}")]
    is_number = _NUMBER.fullmatch(number) if attempt is None else number == str(attempt)
    has_labels = _LABELS.fullmatch(labels) if labels else head == f"{run_id}/{stage}"
    return bool(is_number and has_labels)
