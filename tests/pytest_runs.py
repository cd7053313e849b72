"""Run the test stage on a small project, with the real pytest, as the engine does."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from stage_harness import make_context, run_stage

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.adapters.tools import Tools
from sluicegate.stages.pytest import PytestStage
from sluicegate.stages.stage import Report


def run_tests(
    project: Path,
    cache: Path,
    *,
    labels: Mapping[str, str] | None = None,
    **settings: object,
) -> Report:
    """Run the tests of *project*; its environment is made in *cache*."""
    runner = SubprocessRunner(StopRequest(), os.environ)
    tools = Tools(project, cache, runner, os.environ)
    output = project.parent / "output"
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    python = tools.find("project-python")
    context = make_context(str(project), str(output), tools={"project-python": python})
    stage = PytestStage.model_validate({"uses": "pytest", **settings})
    return run_stage(stage, replace(context, labels=labels or {}), runner)
