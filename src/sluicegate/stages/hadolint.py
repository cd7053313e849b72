"""Lint of a Dockerfile with Hadolint.

It runs twice: as the project's ``.hadolint.yaml`` and comments have it, and with
nothing of either. The difference is what is hidden, and is told. What a user keeps in
the home folder or in HADOLINT_* variables has no say: elsewhere the result would be
another.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.evidence import Value
from sluicegate.model.finding import Finding, Severity
from sluicegate.stages.output import count, failed, find_step
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    OutputFile,
    ProjectPath,
    Report,
    StageContext,
)

_AS_SET, _AS_IS = "hadolint", "hadolint without settings"
_UNPARSED = "DL1000"
_FROM = re.compile(rb"^[ \t]*FROM[ \t]", re.MULTILINE | re.IGNORECASE)
_BAD_SETTINGS = b"Error parsing your config file"
_LEVELS = {
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "info": Severity.NOTE,
    "style": Severity.NOTE,
}
_RANK = {"style": 0, "info": 1, "warning": 2, "error": 3}
_VARIABLES = (
    *("DISABLE_IGNORE_PRAGMA", "FORMAT", "IGNORE", "REQUIRE_LABELS", "STRICT_LABELS"),
    *("OVERRIDE_ERROR", "OVERRIDE_WARNING", "OVERRIDE_INFO", "OVERRIDE_STYLE"),
    *("TRUSTED_REGISTRIES", "VERBOSE"),
)


_Level = Literal["error", "warning", "info", "style"]


class _Found(BaseModel):
    """One finding, in Hadolint's words."""

    code: str
    level: _Level
    line: int = Field(ge=0, le=10**9)
    message: str


_REPORT = TypeAdapter(tuple[_Found, ...])


class HadolintStage(CommandStage):
    """Runs hadolint on a Dockerfile and counts what it finds, and what is hidden."""

    kind: ClassVar[str] = "hadolint"
    summary: ClassVar[str] = "Lint of a Dockerfile with Hadolint"

    uses: Literal["hadolint"]
    dockerfile: ProjectPath = Field("Dockerfile", description="The file to look at.")

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        return (
            FieldSpec("parsed", "boolean", "Whether it is a Dockerfile at all."),
            FieldSpec("findings", "integer", "Findings of all levels."),
            FieldSpec("errors", "integer", "Findings of the level error."),
            FieldSpec("warnings", "integer", "Findings of the level warning."),
            FieldSpec("info", "integer", "Findings of the level info."),
            FieldSpec("style", "integer", "Findings of the level style."),
            FieldSpec(
                "suppressed",
                "integer",
                "Findings that .hadolint.yaml or comments hide or make milder.",
            ),
            FieldSpec("hadolint_version", "text", "The version of Hadolint."),
        )

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (f"{name}.errors == 0", *self.gate_always(name))

    @override
    def gate_always(self, name: str) -> tuple[str, ...]:
        return (f"{name}.parsed == true",)

    @override
    def reads(self) -> tuple[str, ...]:
        return (self.dockerfile,)

    @override
    def tools(self) -> tuple[str, ...]:
        return ("hadolint",)

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        if self.dockerfile not in context.files:
            raise PermanentError(
                f"there is no {self.dockerfile}",
                hint="say where it is: `dockerfile: path/to/Dockerfile`",
            )
        hadolint = (*context.tools["hadolint"].argv, "--no-fail", "--format=json")
        path = f"{context.project}/{self.dockerfile}"
        # The output folder holds no settings, whether taken for a project or a home.
        alone = {"HOME": context.output, "XDG_CONFIG_HOME": context.output}

        def step(name: str, folder: str, *options: str, **env: str) -> Step:
            # Empty, they would mean something: a registry without a name.
            names = (f"HADOLINT_{name}" for name in _VARIABLES)
            unset = (f"-u{name}" for name in names if name not in env)
            argv = ("env", *unset, *hadolint, *options, "--", path)
            command = Command(argv, folder, self.timeout, {**alone, **env})
            return Step(name, command, quiet=True)

        return (
            step(_AS_SET, context.project, **self.env),
            step(_AS_IS, context.output, "--disable-ignore-pragma"),
        )

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        shown = _read(find_step(results, _AS_SET))
        everything = _read(find_step(results, _AS_IS))
        # Not a rule that could be ignored: nothing after it was looked at.
        broken = [found for found in everything if found.code == _UNPARSED]
        parsed = not broken and bool(_FROM.search(context.files[self.dockerfile]))
        if broken and not any(found.code == _UNPARSED for found in shown):
            shown = (*shown, *broken)
        tally = Counter(found.level for found in shown)
        suppressed = _count_suppressed(shown, everything)
        fields: dict[str, Value] = {
            "parsed": parsed,
            "findings": len(shown),
            "errors": tally["error"],
            "warnings": tally["warning"],
            "info": tally["info"],
            "style": tally["style"],
            "suppressed": suppressed,
            "hadolint_version": context.tools["hadolint"].version,
        }
        findings = tuple(
            Finding(
                found.code,
                _LEVELS[found.level],
                found.message,
                self.dockerfile,
                found.line,
            )
            for found in shown
        )
        documents = {"hadolint.json": shown, "hadolint-everything.json": everything}
        return Report(
            _summarize(tally, suppressed, parsed=parsed),
            fields,
            findings,
            tuple(_file(name, found) for name, found in documents.items()),
        )


def _read(step: StepResult) -> tuple[_Found, ...]:
    """What one run of Hadolint found.

    Settings that it cannot read it leaves out, and goes on: that is no result.
    """
    result = step.result
    if result.exit_code != 0 or _BAD_SETTINGS in result.stderr + result.stdout:
        raise failed(step.name, result, hint="see .hadolint.yaml, and run it by hand")
    # A format in the project's settings is written too, before the one asked for.
    document = result.stdout.strip().rpartition(b"\n")[2]
    try:
        return _REPORT.validate_json(document)
    except ValidationError as error:
        raise PermanentError(
            f"not a report of Hadolint: {document[-200:]!r}",
            hint="does .hadolint.yaml set `output` or `format`? Leave it out",
        ) from error


def _count_suppressed(shown: Sequence[_Found], everything: Sequence[_Found]) -> int:
    """How many of *everything* are not *shown*, or only as something milder."""
    left: dict[tuple[str, int], list[int]] = {}
    for found in shown:
        left.setdefault((found.code, found.line), []).append(_RANK[found.level])
    suppressed = 0
    for found in everything:
        ranks = left.get((found.code, found.line), [])
        if not ranks or ranks.pop() < _RANK[found.level]:
            suppressed += 1
    return suppressed


def _summarize(tally: Counter[_Level], suppressed: int, *, parsed: bool) -> str:
    parts = [
        count(tally["error"], "error"),
        count(tally["warning"], "warning"),
        f"{tally['info']} info",
        f"{tally['style']} style",
    ]
    text = ", ".join(parts)
    if suppressed:
        text += f"; {count(suppressed, 'finding')} suppressed"
    return text if parsed else f"not a Dockerfile that can be built: {text}"


def _file(name: str, found: Sequence[_Found]) -> OutputFile:
    rows = [each.model_dump() for each in found]
    return OutputFile(name, "application/json", json.dumps(rows, indent=1).encode())
