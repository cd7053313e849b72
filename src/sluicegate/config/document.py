"""The pipeline file as settings: what may stand where.

Stages are checked one by one against their kind, so that a slip in one hides none in
another; `sluicegate.config.schema` puts the same classes together for editors.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from sluicegate.config.budgets import Budgets
from sluicegate.config.costs import Costs
from sluicegate.config.extends import Extending
from sluicegate.config.people import Who
from sluicegate.config.retention import DESCRIPTION, Retention
from sluicegate.errors import UsageError
from sluicegate.model.address import EVIDENCE_SCHEMES, parse_evidence
from sluicegate.model.bucket import BucketAddress
from sluicegate.model.git_address import GitAddress
from sluicegate.stages.environment import Environment
from sluicegate.stages.secrets.settings import Secrets
from sluicegate.stages.stage import ProjectPath, Settings

NAME_PATTERN = (
    r"^[a-z0-9][a-z0-9-]*_[a-z0-9][a-z0-9-]*_v(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$"
)
WORD_PATTERN = r"^[a-z][a-z0-9_]{0,39}$"
SIGNERS = ".github/allowed_signers"

_LIMIT_PATTERN = r"^([1-9][0-9]{0,4})([KM])iB$"
_MAX_LIMIT = 64 << 20  # hosts of repositories refuse files that are not much larger


def _check_store(value: str) -> str:
    scheme, _, path = value.partition(":")
    if scheme == "git":
        return _check_git(value, path)
    if value.startswith("s3://"):
        return _check_s3(value)
    if scheme != "dir":
        raise ValueError(
            f"store {value!r} is not supported: dir:PATH, git:REF or s3://BUCKET/PREFIX"
        )
    if not path.strip():
        raise ValueError("must name a folder, like dir:.sluicegate/audit")
    return value


def _check_git(value: str, place: str) -> str:
    try:
        GitAddress.parse(place)
    except UsageError as error:
        raise ValueError(f"{error}; {error.hint}") from error
    return value


def _check_signers(value: str) -> str:
    parts = value.split("/")
    if "\\" in value or not all(parts) or {".", ".."} & set(parts):
        raise ValueError("must be a path inside the repository, from its root")
    return value


def check_inbox(value: str) -> str:
    """Check where else statements wait.

    Raises:
        ValueError: it is neither a remote nor a folder.
    """
    scheme, _, place = value.partition(":")
    if scheme not in {"git", "dir"} or not place.strip() or place.startswith("-"):
        raise ValueError("must be git:REMOTE, like git:origin, or dir:PATH")
    return value


def _check_s3(value: str) -> str:
    try:
        BucketAddress.parse(value.removeprefix("s3://"))
    except UsageError as error:
        raise ValueError(f"{error}; {error.hint}") from error
    return value


def _check_evidence(value: str) -> str:
    if value.partition(":")[0] not in EVIDENCE_SCHEMES:
        raise ValueError("must be dir:PATH, s3://BUCKET/PREFIX or oci:HOST/PATH")
    try:
        parse_evidence(value)
    except UsageError as error:
        raise ValueError(f"{error}; {error.hint}" if error.hint else str(error)) from (
            error
        )
    return value


def _read_limit(value: Any) -> int:  # noqa: ANN401 - pydantic hands over anything
    found = re.fullmatch(_LIMIT_PATTERN, value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be a size, like 4MiB or 512KiB")
    size = int(found[1]) << (20 if found[2] == "M" else 10)
    if size > _MAX_LIMIT:
        raise ValueError(f"must be at most {_MAX_LIMIT >> 20}MiB")
    return size


def _check_limit(value: int, info: ValidationInfo) -> int:
    store, place = info.data.get("store", "git:"), info.data.get("evidence")
    if place is not None or not store.startswith("git:"):
        raise ValueError(
            "only evidence that is kept in a Git ref, together with its log, has a"
            " limit"
        )
    return value


class Audit(Settings):
    """The audit log."""

    store: Annotated[str, AfterValidator(_check_store)] = Field(
        "dir:.sluicegate/audit",
        description="dir:PATH, relative to the pipeline file; git:REF or git:URL#REF;"
        " s3://BUCKET/PREFIX.",
    )
    retention: Retention | None = Field(None, description=DESCRIPTION)
    evidence: Annotated[str, AfterValidator(_check_evidence)] | None = Field(
        None,
        description="Where files of evidence are kept: dir:PATH, relative to the"
        " pipeline file; s3://BUCKET/PREFIX; oci:HOST/PATH, a repository of a registry."
        " Default: with the log.",
    )
    evidence_limit: (
        Annotated[
            int,
            BeforeValidator(
                _read_limit,
                json_schema_input_type=Annotated[str, Field(pattern=_LIMIT_PATTERN)],
            ),
            AfterValidator(_check_limit),
        ]
        | None
    ) = Field(
        None,
        description="How large a file of evidence may be that is kept in a Git ref,"
        " where it stays for ever, like 4MiB. Default 1MiB, at most 64MiB.",
    )
    witnesses: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="A file, relative to the pipeline file, that names the witnesses of"
        " the log and their quorum, as in https://c2sp.org/tlog-policy.",
    )
    signers: Annotated[str, AfterValidator(_check_signers)] = Field(
        SIGNERS,
        description="The allowed_signers file of those whose signed statements count,"
        " from the root of the repository. This key and the file are read from the"
        " protected branch alone, whatever is checked out.",
    )
    inbox: Annotated[str, AfterValidator(check_inbox)] | None = Field(
        None,
        description="Where else signed statements wait for the log: git:REMOTE (its"
        " branches sluicegate-inbox/*) or dir:PATH, relative to the pipeline file.",
    )


class Document(Who, Extending):
    """A pipeline file: the stages of a release, their gates, where it goes."""

    schema_: Literal["sluicegate/v1"] = Field(
        alias="schema", description="The format of this file."
    )
    name: str = Field(
        pattern=NAME_PATTERN,
        max_length=100,
        description="<project>_<purpose>_v<major>.<minor>",
    )
    stages: dict[str, Any] = Field(description="Stages by name, in order.")
    environments: dict[
        Annotated[str, Field(pattern=WORD_PATTERN.replace("_]", "_-]"))], Environment
    ] = Field(default_factory=dict, description="Where releases go, by name.")
    budgets: Budgets = Field(
        default_factory=Budgets,
        description="What may be used in a day or a week, by whoever shares the log.",
    )
    costs: Costs | None = Field(
        None, description="What the time of machines and GPUs costs."
    )
    secrets: Secrets = Field(
        default_factory=Secrets,
        description="Who keeps secrets, and which stages get which: never a value.",
    )
    paths: tuple[ProjectPath, ...] = Field(
        (),
        description="Paths besides the pipeline file's folder that belong to the"
        " service, like ../shared.",
    )
    pools: dict[
        Annotated[str, Field(pattern=WORD_PATTERN)], Annotated[int, Field(ge=1)]
    ] = Field(
        default_factory=dict,
        description="Slots that stages share, by name, like {gpu: 4}.",
    )
    public: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (),
        description="Build arguments and variables that look like credentials and are"
        " none, like EOS_TOKEN.",
    )
    notify: tuple[Any, ...] = Field((), description="Whom to tell of a run.")
    audit: Audit = Field(default_factory=Audit, description="The audit log.")
