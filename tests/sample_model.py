"""The sample service with a model of its own, judged gate by gate.

No container and no log: every stage of the sample's own pipeline file that asks about
the model is planned, run and judged as the engine does it. What trains is a copy of
``exported/``, where a test puts the model. Our reader of files runs in this process,
and the service as a process of its own, which stands for its container.
"""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import yaml
from smoke_asked import IMAGE, Local
from stage_harness import make_context, run_steps
from typing_extensions import override

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.config.file import parse_pipeline
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, CommandResult, ResourceUsage, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.model.tool import Tool
from sluicegate.model_files.__main__ import main as read_files
from sluicegate.ports.process import OnLine
from sluicegate.smoke.replay import Manner, replay
from sluicegate.stages.serving.exchanges import plan_exchanges
from sluicegate.stages.serving.golden import read_golden
from sluicegate.stages.smoke import SmokeStage
from sluicegate.stages.stage import CommandStage, Report, StageContext
from sluicegate.wiring.templates import templates

ASKED = ("train", "evaluate", "compare", "modelscan", "docs", "smoke")
"""The stages that ask about the model, in order."""

EXPORTED = Path("exported/model.json")
"""Where a test puts the model that the training is to bring."""

_READER = ("model-reader",)
_TOOLS = {"model-reader": Tool("model-reader", _READER, "1", None, "")}
_LITTER = shutil.ignore_patterns(".*_cache", "__pycache__", "out", "model")


@dataclass(frozen=True)
class Bird:
    """A row of the data: lengths in mm, mass in kg, and what it is."""

    row: int
    vector: tuple[float, ...]
    species: str

    @property
    def is_held_out(self) -> bool:
        """Whether `train.py` of the sample keeps it for the test."""
        return self.row % 2 == 0


@dataclass(frozen=True)
class Found:
    """What a stage came to: a verdict, ``broken`` or ``skipped``, and why."""

    verdict: str
    reason: str
    fields: Mapping[str, Value]


SKIPPED = Found("skipped", "", {})


def copy_sample(folder: Path) -> Path:
    """The sample service in *folder*, without a model, trained by a copy."""
    shutil.copytree(templates() / "sample-service", folder, ignore=_LITTER)
    file = folder / "sluicegate.yaml"
    document = yaml.safe_load(file.read_text())
    run = (
        "rm -rf model && cp -r exported model"
        ' && echo \'{"accuracy": 0.9, "trained_on": 170}\''
        ' > "$SLUICEGATE_OUTPUT/training.json"'
    )
    document["stages"]["train"] |= {"run": run, "inputs": ["exported"]}
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return folder


def read_birds(folder: Path) -> list[Bird]:
    """The birds of the sample in *folder* that were measured."""
    lines = (folder / "data" / "penguins.csv").read_text().splitlines()
    names, *rows = (line.split(",") for line in lines)
    columns = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
    places = [names.index(name) for name in columns]
    found = []
    for number, row in enumerate(rows):
        said = [row[place] for place in places]
        if "NA" not in said:
            *lengths, mass = map(float, said)
            found.append(Bird(number, (*lengths, mass / 1000), row[0]))
    return found


def write_numbers(folder: Path) -> None:
    """Have the model card give the numbers of the exported model, as authors do."""
    (folder / "model").mkdir(exist_ok=True)
    shutil.copyfile(folder / EXPORTED, folder / "model" / "model.json")
    argv = [sys.executable, "-B", "evaluate.py", "--card"]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)


def judge_model(folder: Path, scratch: Path) -> dict[str, Found]:
    """Run the stages of `ASKED` in *folder* until one of them is not open."""
    file = folder / "sluicegate.yaml"
    pipeline = parse_pipeline(file.read_bytes(), file.name)
    values: dict[str, Value] = {}
    found = dict.fromkeys(ASKED, SKIPPED)
    for name in ASKED:
        named = pipeline.stage(name)
        assert isinstance(named.stage, CommandStage)
        output = scratch / name
        output.mkdir(parents=True)
        context = make_context(
            str(folder),
            str(output),
            tools=_TOOLS,
            upstream={each: found[each].fields for each in ASKED},
            images=(Digest.parse(IMAGE),),
        )
        try:
            report = _run(named.stage, context)
        except PermanentError as error:
            found[name] = Found("broken", str(error), {})
            break
        values |= {f"{name}.{field}": value for field, value in report.fields.items()}
        _, decision = named.gate.judge(values)
        said = "; ".join(finding.message for finding in report.findings)
        reason = f"{report.summary}; {decision.reason}; {said}"
        found[name] = Found(decision.verdict.value, reason, report.fields)
        if decision.verdict.value != "open":
            break
    return found


def _run(stage: CommandStage, context: StageContext) -> Report:
    if isinstance(stage, SmokeStage):
        return stage.interpret(context, [_replay(stage, Path(context.project))])
    runner = _Here(StopRequest(), os.environ)
    results = run_steps(stage.plan(context), runner, Path(context.output))
    return stage.interpret(context, results)


def _replay(stage: SmokeStage, folder: Path) -> StepResult:
    """What `sluicegate.smoke` would write down of a container of the service."""
    data = (folder / stage.golden).read_bytes()
    exchanges = plan_exchanges(read_golden(data, stage.golden), stage.asking())
    manner = Manner(IMAGE, stage.health, 10.0, 10.0, stage.headers)
    with _served(folder) as port:
        written = replay(Local(port), exchanges, manner).written()
    files = {"smoke.json": written, "golden.jsonl": data}
    return StepResult("smoke-runner", _result(0), files)


@contextmanager
def _served(folder: Path) -> Iterator[int]:
    """The port on which the service in *folder* answers."""
    environ = os.environ | {"HOST": "127.0.0.1", "PORT": "0"}
    argv = [sys.executable, "-B", str(folder / "service.py")]
    with subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline().rsplit(maxsplit=1)[1])
        finally:
            process.kill()


class _Here(SubprocessRunner):
    """Runs our reader of model files in this process, and all else as it is run."""

    @override
    def run(self, command: Command, on_line: OnLine) -> CommandResult:
        if command.argv[:1] != _READER:
            return super().run(command, on_line)
        out, err, given = io.StringIO(), io.StringIO(), sys.argv
        sys.argv = list(command.argv)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = read_files()
        finally:
            sys.argv = given
        return _result(code, out.getvalue().encode(), err.getvalue().encode())


def _result(code: int, stdout: bytes = b"", stderr: bytes = b"") -> CommandResult:
    return CommandResult(code, stdout, stderr, ResourceUsage(1))
