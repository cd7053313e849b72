"""Tests: pytest in the project's own Python."""

import json
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator
from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.stages.output import find_step
from sluicegate.stages.pytest_report import Orders, report_on
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    Report,
    StageContext,
)

_DRIVER = str(PurePosixPath(__file__).parent / "in_project" / "run_pytest.py")
# Under a name that is no file's, no coverage is measured of it.
_START = 'import sys; exec(compile(open(sys.argv[1]).read(), "<sluicegate>", "exec"))'
_MOST_SHARDS = 64
_PART = re.compile(r"([1-9][0-9]{0,2})(?:/|-of-)([1-9][0-9]{0,2})")
_LABEL = "label."
_SHARD_PATTERN = r"^([1-9][0-9]{0,2}/[1-9][0-9]{0,2}|label\.[a-z][a-z0-9_]{0,31})$"


class PytestStage(CommandStage):
    """Runs pytest in the project's environment and reads its JUnit report."""

    kind: ClassVar[str] = "pytest"
    summary: ClassVar[str] = "Tests with pytest in the project's Python"

    uses: Literal["pytest"]
    paths: tuple[str, ...] = Field(
        (), description="What to test; default: what the project's settings say."
    )
    args: tuple[str, ...] = Field((), description="More options for pytest.")
    coverage: Literal["auto"] | bool = Field(
        "auto", description="Measure coverage; auto: when pytest-cov is installed."
    )
    rerun_failed: bool = Field(
        default=False,
        description="Run what failed once more: what passes then is flaky, and has"
        " failed all the same.",
    )
    shards: int = Field(
        1,
        ge=1,
        le=_MOST_SHARDS,
        description="Processes that share the files of tests between them.",
    )
    shard: str | None = Field(
        None,
        pattern=_SHARD_PATTERN,
        description="The part of the tests that is run here, like 2/5 for a job of a"
        " matrix; label.NAME takes it from the run's label NAME, like 2-of-5.",
    )

    @field_validator("shard")
    @classmethod
    def _check_shard(cls, shard: str | None, info: ValidationInfo) -> str | None:
        if shard is None:
            return None
        if info.data.get("shards", 1) > 1:
            raise ValueError("shards and shard do not go together: choose one")
        if not shard.startswith(_LABEL):
            parse_part(shard)
        return shard

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        specs = [
            FieldSpec("collected", "integer", "Tests in the report."),
            FieldSpec("passed", "integer", "Tests that passed."),
            FieldSpec("failed", "integer", "Tests that failed, at the first run."),
            FieldSpec("errors", "integer", "Tests or modules that could not be run."),
            FieldSpec("skipped", "integer", "Tests skipped or expected to fail."),
            FieldSpec(
                "exit_code", "integer", "How pytest ended; 0 is good.", "exit code"
            ),
            FieldSpec("slowest_ms", "integer", "Time of the slowest test.", "ms"),
            FieldSpec("python_version", "text", "The version of the project's Python."),
            FieldSpec("python_origin", "text", "Where that Python comes from."),
        ]
        if self.rerun_failed:
            meaning = "Tests that failed or could not be run, then passed."
            specs.append(FieldSpec("flaky", "integer", meaning))
            meaning = "Failures and errors of the first run that are not flaky."
            specs.append(FieldSpec("failed_twice", "integer", meaning))
        if self.shard is not None:
            meaning = "The shard that was run, like 2/5; all: every test."
            specs.append(FieldSpec("shard", "text", meaning))
            meaning = "Tests in all shards together."
            specs.append(FieldSpec("in_all_shards", "integer", meaning))
        elif self.coverage is not False:
            meaning = "Covered share of the code."
            specs.append(FieldSpec("coverage", "number", meaning, "share, 0 to 1"))
        return tuple(specs)

    @override
    def explain_absence(self, field: str) -> str | None:
        if field == "coverage":
            only_part = "its shard runs only a part of the tests"
            return only_part if self.shard is not None else "its coverage is false"
        if field in {"flaky", "failed_twice"}:
            return "its rerun_failed is false"
        return "it has no shard" if field in {"shard", "in_all_shards"} else None

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (
            f"{name}.failed == 0",
            f"{name}.errors == 0",
            *self._gate_something(name),
            f"{name}.exit_code == 0",
        )

    @override
    def gate_always(self, name: str) -> tuple[str, ...]:
        # Beyond 1 (a test failed) pytest was interrupted, misused or broken.
        return (*self._gate_something(name), f"{name}.exit_code in [0, 1]")

    def _gate_something(self, name: str) -> tuple[str, ...]:
        """Something was tested; a part of the tests may hold none that can pass."""
        if self.shard is None:
            return (f"{name}.passed > 0",)
        return (
            f'{name}.passed > 0 || {name}.shard != "all"',
            f"{name}.in_all_shards > 0",
        )

    @override
    def gate_unless_named(self, name: str) -> tuple[str, ...]:
        # Errors are among what has failed twice.
        twice = re.compile(rf"(?<![\w.]){re.escape(name)}\.failed_twice\b")
        is_judged = any(map(twice.search, self.gate or ()))
        return () if is_judged else (f"{name}.errors == 0",)

    @override
    def tools(self) -> tuple[str, ...]:
        return ("project-python",)

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        orders = self._orders(context)
        argv = (
            *context.tools["project-python"].argv,
            *("-c", _START, _DRIVER),
            json.dumps(
                {
                    "output": context.output,
                    "shards": self.shards,
                    "part": orders.part,
                    "again": self.rerun_failed,
                    "coverage": self.coverage,
                    "seconds": self._memory(context),
                }
            ),
            *("-o", "junit_family=xunit1"),  # the only one that says file and line
            *("-o", "junit_logging=no"),  # captured output may hold secrets
            *("--color=no", *self.args, "--", *self.paths),
        )
        # Nothing is written into the project, nor read from where tests wrote before.
        env = {
            **self.env,
            "HYPOTHESIS_STORAGE_DIRECTORY": f"{context.output}/hypothesis",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        command = Command(argv, context.project, self.timeout, env)
        return (Step("pytest", command, orders.outputs),)

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        step = find_step(results, "pytest")
        orders = self._orders(context)
        return report_on(step, orders, context.tools["project-python"])

    def _orders(self, context: StageContext) -> Orders:
        return Orders(
            shards=self.shards,
            part=self._part(context),
            is_part=self.shard is not None,
            again=self.rerun_failed,
            coverage=self.coverage,
            gate=self.gate or (),
        )

    def _part(self, context: StageContext) -> tuple[int, int] | None:
        """The shard to run; None for all tests, as where the label is not given."""
        shard = self.shard
        if shard is not None and shard.startswith(_LABEL):
            shard = context.labels.get(shard.removeprefix(_LABEL))
        if shard is None:
            return None
        try:
            return parse_part(shard)
        except ValueError as error:
            raise PermanentError(
                f"the label of {self.shard} {error}",
                hint="give the run a label like --label shard=2-of-5",
            ) from error

    def _memory(self, context: StageContext) -> str | None:
        """Where it is kept how long each file of tests took: only shards ask."""
        if self.shards == 1:
            return None
        place = f"{context.project} {context.pipeline} {context.stage}"
        return f"{context.cache}/pytest/{Digest.of(place.encode()).short}.json"


def parse_part(text: str) -> tuple[int, int]:
    """Read which of how many shards ``2/5`` or ``2-of-5`` is.

    Raises:
        ValueError: *text* is neither.
    """
    found = _PART.fullmatch(text)
    if found is None or int(found[1]) > int(found[2]):
        raise ValueError(f"must be the number of a shard, like 2/5, not {text!r}")
    return int(found[1]), int(found[2])
