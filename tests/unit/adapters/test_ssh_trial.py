import os
from datetime import UTC, datetime

import pytest
from ssh_people import needs_ssh

from sluicegate.adapters.ssh_trial import LineTrial
from sluicegate.errors import PermanentError

pytestmark = needs_ssh


@pytest.fixture(scope="module")
def trial() -> LineTrial:
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    return LineTrial(dict(os.environ), "sluicegate-approval", at)


@pytest.mark.parametrize(
    "before",
    [
        "ann@acme.org",
        'ann@acme.org namespaces="sluicegate-*"',
        'ann@acme.org namespaces="git,sluicegate-approval",valid-before="20260602"',
    ],
)
def test_a_line_lets_its_names_sign(trial: LineTrial, before: str) -> None:
    assert trial.try_line(before).names == ("ann@acme.org",)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ('ann namespaces="git"', "key is not permitted for use in signature namespace"),
        ('ann valid-before="20260601"', "key has expired"),
        ('ann valid-after="20260602"', "key is not yet valid"),
        ("ann cert-authority", "does not hold"),
        ('ann bogus="x"', "bad options"),
        ("*@acme.org", "the key of nobody"),
    ],
)
def test_a_line_that_lets_nobody_sign_has_a_reason(
    trial: LineTrial, before: str, reason: str
) -> None:
    tried = trial.try_line(before)

    assert tried.names == ()
    assert reason in tried.reason


def test_without_the_program_nothing_is_tried() -> None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    trial = LineTrial({"PATH": "/nowhere"}, "sluicegate-approval", at)

    with pytest.raises(PermanentError, match="ssh-keygen"):
        trial.check()
