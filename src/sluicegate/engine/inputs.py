"""All that a stage's result depends on, by digest: the same inputs, the same result."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import PurePosixPath

from sluicegate import __version__
from sluicegate.engine.champion import describe_champion
from sluicegate.engine.situation import Situation
from sluicegate.engine.toolbox import Ports
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import OUTPUTS
from sluicegate.model.secret import GivenSecret
from sluicegate.model.task import write_labels
from sluicegate.model.tool import Tool
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.stage import CommandStage, StageContext

FILES = "files"
"""The part that anybody may change while the stage runs."""

PROBES = "environment"
"""The part that the stage itself may change: databases, base images, ..."""

UPSTREAM = "upstream"
"""The part that the stages before hand over."""

CHAMPION = "champion"
"""The part that the judge reads himself: a model to beat that is no file here."""

SECRETS = "secrets"
"""The part that says which secrets the stage is given."""

Inputs = Mapping[str, str]

# ".." as a part of a path, wherever it stands: "../lib", "--rootdir=..", "a/../b"
_PARENT = re.compile(r"(?<![^\s/=:,\"'])\.\.(?![^\s/=:,\"'])")


def gather(
    named: NamedStage,
    stage: CommandStage,
    situation: Situation,
    context: StageContext,
    upstream: Sequence[StageFinished],
    ports: Ports,
    secrets: Sequence[GivenSecret] = (),
) -> dict[str, str]:
    """The inputs of *stage* as they are now, by the name of the part.

    *secrets* are those that it is given, as the pipeline file asks for them: where no
    version is named, one that is renewed is no other secret.

    Raises:
        ExternalError: one of them cannot be told.
        Interrupted: asked to stop.
    """
    found = {
        "definition": _definition(named, stage),
        FILES: digest_files(stage, situation, context, ports),
        "tools": _tools(tuple(context.tools.values())),
        UPSTREAM: _upstream(named, situation, upstream),
        PROBES: probe(stage, context, ports),
    }
    if context.champion is not None:
        found[CHAMPION] = _digest(describe_champion(context.champion))
    if secrets:
        found[SECRETS] = _digest([astuple(each) for each in secrets])
    if stage.reads_commit():
        found["commit"] = f"{context.commit} {context.release}"
    if stage.reads_date():
        found["date"] = context.now.date().isoformat()
    if situation.labels:
        found["labels"] = write_labels(situation.labels)
    return found


def probe(stage: CommandStage, context: StageContext, ports: Ports) -> str:
    """The digest of what the stage's probes say now."""
    answers = []
    for command in stage.probes(context):
        result = ports.process.run(command, lambda _line: None)
        answers.append([result.exit_code, Digest.of(result.stdout).hex])
    return _digest(answers)


def _definition(named: NamedStage, stage: CommandStage) -> str:
    """What was asked for, and which version of sluicegate reads the answer.

    What only says when and how often the stage runs makes no difference to its result.
    """
    settings = stage.model_dump(
        mode="json",
        exclude={"needs", "when", "retries", "pools", "resources", "timeout"},
    )
    conditions = [condition.text for condition in named.gate.conditions]
    return _digest([__version__, settings, conditions])


def digest_files(
    stage: CommandStage, situation: Situation, context: StageContext, ports: Ports
) -> str:
    """The digest of the files that *stage* may read, and of where it reads them from.

    The services of one repository may share a log, and the same command means
    something else in another folder.

    Raises:
        ExternalError: they cannot be read.
        Interrupted: asked to stop.
    """
    root = situation.source.root
    repository = ports.repository
    if stage.inputs is not None:
        content = repository.content(stage.inputs, declared=True)
    elif stage.reads_repository() or _leads_out(stage):
        content = repository.content((":(top)",))
    else:
        scope = project_scope(root, context.project)
        content = repository.content((*scope, *situation.pipeline.paths))
    return _digest([_place(root, context.project), str(content)])


def _leads_out(stage: CommandStage) -> bool:
    """Whether a setting may name something outside of the project's folder."""
    return _PARENT.search(stage.model_dump_json()) is not None


def _place(root: str, project: str) -> str:
    try:
        return str(PurePosixPath(project).relative_to(root))
    except ValueError:  # reached through a link
        return project


def project_scope(root: str, project: str) -> tuple[str, ...]:
    """Git pathspecs for a project's folder, and the files right in the folders above.

    Tools look for their configuration in the folders above, up to the repository's.
    """
    try:
        inside = PurePosixPath(project).relative_to(root)
    except ValueError:  # reached through a link: its place is unknown
        return (":(top)",)
    above = (PurePosixPath(*inside.parts[:depth]) for depth in range(len(inside.parts)))
    return (".", *(f":(top,glob){folder / '*'}" for folder in above))


def _tools(tools: Sequence[Tool]) -> str:
    return _digest(
        sorted([tool.name, tool.version, str(tool.digest)] for tool in tools)
    )


def _upstream(
    named: NamedStage, situation: Situation, upstream: Sequence[StageFinished]
) -> str:
    """What the stages before hand over: artifacts, outputs, evidence that is judged.

    A stage that may leave files behind without declaring them hands over whatever it
    depends on itself: should that change, so may the files.
    """
    read = {name for condition in named.gate.conditions for name in condition.names}
    handed: list[object] = []
    for each in upstream:
        files = [str(f.digest) for f in each.evidence.files if f.name == OUTPUTS]
        values = {
            field: value
            for field, value in each.evidence.fields.items()
            if f"{each.stage}.{field}" in read
        }
        stage = situation.pipeline.stage(each.stage).stage
        inputs = dict(each.inputs) if stage.may_leave_files() else {}
        if stage.may_leave_files() and not inputs:
            raise PermanentError(f"nobody knows on what {each.stage} depends")
        subjects = [[name, str(digest)] for name, digest in each.subjects]
        handed.append([each.stage, subjects, files, values, inputs])
    return _digest(handed)


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return str(Digest.of(text.encode("utf-8", "surrogatepass")))
