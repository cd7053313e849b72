"""Unit tests of `sluicegate.wiring.github.inputs`."""

from pathlib import Path

import pytest
import yaml

from sluicegate.errors import UsageError
from sluicegate.model.release_request import Answer
from sluicegate.wiring.github.inputs import Inputs, Task, read_inputs

ROOT = Path(__file__).parents[4]


def read(**given: str) -> Inputs:
    return read_inputs({f"SLUICE_INPUT_{name}": text for name, text in given.items()})


def test_what_nobody_gave_is_as_the_action_says() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (step,) = action["runs"]["steps"]
    given = {
        variable: action["inputs"][name.removeprefix("${{ inputs.")[:-3]]["default"]
        for variable, name in step["env"].items()
        if variable.startswith("SLUICE_INPUT_")
    }

    assert read_inputs(given) == read_inputs({}) == Inputs()


def test_inputs_are_read() -> None:
    assert read(
        COMMAND="Stages ",
        CONFIG="services/churn/sluicegate.yaml",
        STAGES="lint, test\n build test",
        SUMMARY="False",
        COMMENT="true",
        HAND_OVER="/work/out",
    ) == Inputs(
        task=Task.STAGES,
        file=Path("services/churn/sluicegate.yaml"),
        stages=("lint", "test", "build"),
        summary=False,
        comment=True,
        hand_over=Path("/work/out"),
    )
    assert read(
        COMMAND="approve", REQUEST="a" * 64, DECISION="reject", REASON="too early"
    ) == Inputs(
        task=Task.APPROVE,
        request="a" * 64,
        answer=Answer.REJECT,
        reason="too early",
    )
    assert read(COMMAND="record", HANDED_OVER="\n a b=sha256:1 \n\n c=sha256:2\n") == (
        Inputs(task=Task.RECORD, handed_over=("a b=sha256:1", "c=sha256:2"))
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"COMMAND": "deploy"}, "command cannot be 'deploy'"),
        ({"COMMENT": "maybe"}, "comment cannot be 'maybe'"),
        ({"COMMAND": "approve", "REQUEST": "a", "DECISION": "override"}, "decision"),
        ({"CONFIG": "a\nb"}, "config is not a path"),
        ({"REASON": "x" * 70_000}, "reason is too long"),
        ({"COMMAND": "audit", "STAGES": "lint"}, "stages says nothing to .*audit"),
        ({"HAND_OVER": "out"}, "hand-over says nothing to .*run"),
        ({"HANDED_OVER": "a=b"}, "handed-over says nothing to .*run"),
        ({"REQUEST": "a"}, "request says nothing to .*run"),
        ({"REASON": "late"}, "reason says nothing to .*run"),
        ({"DECISION": "reject"}, "decision says nothing to .*run"),
        ({"COMMAND": "approve"}, "request is missing"),
        ({"COMMAND": "record"}, "handed-over is missing"),
        ({"STAGES": "lint", "ENVIRONMENT": "staging"}, "both choose what is run"),
    ],
)
def test_an_input_that_means_nothing_is_refused(
    given: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        read(**given)
