"""The bytes of a pipeline file to a pipeline, with all its problems at once.

Nothing is read from the disk here, and nothing that was not understood is passed over.
"""

from dataclasses import dataclass

from sluicegate.config.baseline import check_baselines
from sluicegate.config.champions import check_champions
from sluicegate.config.check import Checker, EnoughError
from sluicegate.config.credentials import HINT, check_credentials
from sluicegate.config.definition import definition_digest
from sluicegate.config.document import SIGNERS, Audit, Document, check_inbox
from sluicegate.config.environments import check_environments
from sluicegate.config.gates import read_gates
from sluicegate.config.latency import check_latency_edges
from sluicegate.config.notify import read_notify
from sluicegate.config.pools import check_pools
from sluicegate.config.pricing import check_costs
from sluicegate.config.published import check_published
from sluicegate.config.secrets import check_secrets
from sluicegate.config.source import parse_source
from sluicegate.config.stagelist import StageList, read_stages
from sluicegate.config.tree import Leaf, Table, child
from sluicegate.config.whens import read_whens, released_where
from sluicegate.errors import PipelineFileError
from sluicegate.stages.pipeline import AuditSettings, NamedStage, Pipeline

PIPELINE_FILE = "sluicegate.yaml"
"""What a pipeline file is called unless its user says otherwise."""


@dataclass(frozen=True, slots=True)
class ReadPipeline:
    """A pipeline file, all of which is right: as written, as settings, as values."""

    root: Table
    document: Document
    stages: StageList
    pipeline: Pipeline


def parse_pipeline(data: bytes, name: str) -> Pipeline:
    """Read a pipeline file.

    Args:
        data: the bytes of the file.
        name: what people call it; starts every problem.

    Raises:
        PipelineFileError: the file cannot be used; one text a problem, in its order.
    """
    return read_pipeline(data, name).pipeline


def read_pipeline(data: bytes, name: str) -> ReadPipeline:
    """As `parse_pipeline`, with what the file says beside stages.

    Raises:
        PipelineFileError: as there.
    """
    root = parse_source(data, name)
    checker, leaked = Checker(root), False
    try:
        leaked = check_credentials(checker)
        document = checker.read(Document, ())
        stages = read_stages(checker)
        gates = read_gates(checker, stages)
        whens = read_whens(checker, stages)
        check_pools(checker, stages)
        check_costs(checker, stages)
        check_environments(checker, stages)
        if document is not None:
            check_latency_edges(checker, stages, document.environments)
            check_baselines(checker, stages, document.environments)
            check_published(checker, stages, document.environments)
            check_champions(checker, stages, document.environments)
        notify = read_notify(checker)
        known = {} if document is None else document.environments
        check_secrets(checker, stages, known, notify)
    except EnoughError:
        raise PipelineFileError(
            [problem.render(name) for problem in checker.problems],
            hint="there are more problems than these",
        ) from None
    if checker.problems or document is None:
        raise PipelineFileError(
            [problem.render(name) for problem in checker.problems],
            hint=HINT if leaked else None,
        )
    pipeline = Pipeline(
        name=document.name,
        stages=tuple(
            NamedStage(
                stage,
                stages.kinds[stage],
                stages.needs[stage],
                gates[stage],
                whens.get(stage),
                released_where(stages, stage, whens.get(stage)),
            )
            for stage in stages.order
        ),
        environments=dict(document.environments),
        audit=_audit(document.audit),
        definition=definition_digest(root),
        paths=tuple(dict.fromkeys(document.paths)),
        notify=notify,
        pools=dict(document.pools),
        secrets=document.secrets,
        costs=None if document.costs is None else document.costs.as_rates(),
    )
    return ReadPipeline(root, document, stages, pipeline)


def _audit(audit: Audit) -> AuditSettings:
    return AuditSettings(
        store=audit.store,
        retention=audit.retention,
        witnesses=audit.witnesses,
        inbox=audit.inbox,
        evidence=audit.evidence,
        evidence_limit=audit.evidence_limit,
    )


def read_store(data: bytes, name: str) -> str | None:
    """Where the pipeline file *data* keeps its log, None if it does not say.

    Looks at nothing else: a log can be read whatever became of the rest of the file.

    Raises:
        PipelineFileError: it is no YAML.
    """
    return _read_audit(data, name, "store")


def read_witnesses(data: bytes, name: str) -> str | None:
    """The file of witnesses that the pipeline file *data* names, if it names one.

    Raises:
        PipelineFileError: it is no YAML.
    """
    return _read_audit(data, name, "witnesses")


def read_signers(data: bytes, name: str) -> str:
    """The file of allowed signers that the pipeline file *data* names.

    Raises:
        PipelineFileError: it is no YAML.
    """
    return _read_audit(data, name, "signers") or SIGNERS


def read_inbox(data: bytes, name: str) -> str | None:
    """Where else the pipeline file *data* says that statements wait, if it does.

    Raises:
        PipelineFileError: it is no YAML, or names no inbox.
    """
    found = _read_audit(data, name, "inbox")
    try:
        return None if found is None else check_inbox(found)
    except ValueError as error:
        raise PipelineFileError([f"{name}: audit.inbox: {error}"]) from error


def read_evidence(data: bytes, name: str) -> str | None:
    """Where the pipeline file *data* keeps evidence, None if with the log.

    Raises:
        PipelineFileError: it is no YAML.
    """
    return _read_audit(data, name, "evidence")


def _read_audit(data: bytes, name: str, key: str) -> str | None:
    audit = child(parse_source(data, name), "audit")
    found = None if audit is None else child(audit, key)
    value = found.value if isinstance(found, Leaf) else None
    return value if isinstance(value, str) else None
