"""Lint: ruff's rules and its formatter."""

import re
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.finding import Finding, Severity
from sluicegate.stages import sarif
from sluicegate.stages.output import count, failed, find_step
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    OutputFile,
    Report,
    StageContext,
)

_SARIF = "ruff.sarif"
_NO_FILES = b"No Python files found"
_CRASHED = 2  # 0: nothing found, 1: something found
_SYNTAX_RULES = {"invalid-syntax", "syntax-error", "E999", "unknown-rule"}

# The words of `ruff format --check`, before and since its output has formats:
_UNFORMATTED = re.compile(
    r"^(?:Would reformat: (?P<old>.+)|(?P<new>.+?):\d+:\d+: unformatted: .*)$",
    re.MULTILINE,
)
_UNPARSED = re.compile(
    r"^(?:error: Failed to parse (?P<old>.+?):\d+:\d+: .*"
    r"|(?P<new>.+?):\d+:\d+: invalid-syntax: .*)$",
    re.MULTILINE,
)
_TOTAL = re.compile(r"^(\d+) files? would be reformatted", re.MULTILINE)


class RuffStage(CommandStage):
    """Runs ``ruff check`` and ``ruff format --check``; neither changes anything."""

    kind: ClassVar[str] = "ruff"
    summary: ClassVar[str] = "Lint and formatting of Python with ruff"

    uses: Literal["ruff"]
    paths: tuple[str, ...] = Field(
        (".",), min_length=1, description="Files and folders to look at."
    )

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        return (
            FieldSpec("findings", "integer", "Violations of lint rules."),
            FieldSpec("unformatted", "integer", "Files that ruff would format."),
            FieldSpec("ruff_version", "text", "The version of ruff."),
            FieldSpec("ruff_origin", "text", "Why this ruff was taken."),
        )

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (f"{name}.findings == 0", f"{name}.unformatted == 0")

    @override
    def tools(self) -> tuple[str, ...]:
        return ("ruff",)

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        ruff = context.tools["ruff"].argv
        # A cache could be poisoned by code that an earlier run executed.
        report = ("--output-format=sarif", f"--output-file={context.output}/{_SARIF}")
        check = ("check", *report, "--no-cache", "--no-fix", "--", *self.paths)
        layout = ("format", "--check", "--no-cache", "--", *self.paths)
        env = {"NO_COLOR": "1", **self.env, "RUFF_OUTPUT_FORMAT": "concise"}

        def command(arguments: tuple[str, ...]) -> Command:
            return Command((*ruff, *arguments), context.project, self.timeout, env)

        return (
            Step("ruff check", command(check), outputs=(_SARIF,)),
            Step("ruff format", command(layout)),
        )

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        check = find_step(results, "ruff check")
        document = check.files.get(_SARIF)
        if check.result.exit_code not in {0, 1} or document is None:
            raise failed("ruff check", check.result)
        findings = sarif.parse_findings(document, context.project)
        if bool(findings) != bool(check.result.exit_code):
            raise PermanentError(
                f"ruff check reports {count(len(findings), 'finding')} but ended with"
                f" exit code {check.result.exit_code}",
                hint="is `exit-zero` or another ruff at work? Run ruff check by hand",
            )
        tool = context.tools["ruff"]
        fields: dict[str, int | str] = {
            "ruff_version": tool.version,
            "ruff_origin": tool.origin,
        }
        file = OutputFile(
            _SARIF, "application/sarif+json", sarif.relocate(document, context.project)
        )
        if _NO_FILES in check.result.stderr:
            return Report(
                "no Python files found, so nothing was checked", fields, files=(file,)
            )
        unformatted = _find_unformatted(find_step(results, "ruff format"), findings)
        fields |= {"findings": len(findings), "unformatted": len(unformatted)}
        summary = (
            f"{count(len(findings), 'finding')},"
            f" {count(len(unformatted), 'unformatted file')}"
        )
        return Report(summary, fields, (*findings, *unformatted), (file,))


def _find_unformatted(
    step: StepResult, findings: tuple[Finding, ...]
) -> tuple[Finding, ...]:
    """One finding for each file that the formatter would change or cannot read.

    Raises:
        PermanentError: the formatter failed for a reason other than syntax errors that
            ``ruff check`` found too, or what it said does not add up.
    """
    result = step.result
    output = result.stdout.decode(errors="replace")
    said = output + "\n" + result.stderr.decode(errors="replace")
    changed = _paths(_UNFORMATTED, output)
    unreadable = _paths(_UNPARSED, said)
    broken_syntax = any(finding.rule in _SYNTAX_RULES for finding in findings)
    if result.exit_code == _CRASHED and not (unreadable and broken_syntax):
        raise failed("ruff format", result)
    if result.exit_code not in {0, 1, _CRASHED}:
        raise failed("ruff format", result)
    total = _TOTAL.search(output)
    if len(changed) != int(total[1] if total else 0) or (
        bool(changed or unreadable) != bool(result.exit_code)
    ):
        raise PermanentError(
            f"cannot make sense of what ruff format said: {output[-300:]!r}",
            hint="use a ruff between 0.1 and the newest this version knows",
        )
    return (
        *(_at(path, "would be reformatted by ruff format") for path in changed),
        *(_at(path, "cannot be parsed by ruff format") for path in unreadable),
    )


def _paths(pattern: re.Pattern[str], text: str) -> list[str]:
    found = (match["old"] or match["new"] for match in pattern.finditer(text))
    return list(dict.fromkeys(found))


def _at(path: str, message: str) -> Finding:
    return Finding("unformatted", Severity.ERROR, message, path, 0)
