from dataclasses import replace

import pytest
from host_setups import (
    COMMIT,
    ENVIRONMENT,
    RECORD,
    bad,
    checkout,
    judged,
    only,
    settings,
)

from sluicegate.config.github.log_key import judge_log_key
from sluicegate.model.host_check import HostCheck, Standing

OURS = f"acme/sluicegate@{COMMIT}"
KEY = "${{ secrets.SLUICE_LOG_KEY }}"


def job(*steps: str, more: str = "") -> str:
    lines = [f"      - {step}" for step in steps]
    head = "on: push\njobs:\n  a:\n    environment: sluicegate\n"
    return "\n".join((head + more + "    steps:", *lines)) + "\n"


def step(command: str = "record", key: str = KEY) -> str:
    return f'{{uses: {OURS}, with: {{command: {command}, log-key: "{key}"}}}}'


def problems(text: str) -> list[HostCheck]:
    found = judge_log_key(only(text), None)
    return [each for each in found if each.standing is Standing.PROBLEM]


@pytest.mark.parametrize(
    "other",
    [
        "run: make test",
        "run: pytest",
        "{run: 'echo ok && ./x'}",
        "{run: 'echo x | sh'}",
        '{run: "if true; then make; fi"}',
        '{run: "if ./x; then exit; fi"}',
        """{run: 'echo "$(./x)"'}""",
        "{run: echo/evil}",
        "{run: 'echo `./x`'}",
        f"uses: somebody/else@{COMMIT}",
        "uses: ./local",
    ],
)
def test_other_code_in_the_job_with_the_key_is_a_problem_with_its_line(
    other: str,
) -> None:
    (found,) = problems(job(other, step()))

    assert "runs other code beside the log's key" in found.what
    assert found.places[0].line == 6


@pytest.mark.parametrize(
    "other",
    [
        f"uses: actions/checkout@{COMMIT}",
        f"uses: actions/download-artifact@{COMMIT}",
        f"uses: {OURS}",
        "{run: 'if ! [[ $X =~ ^(,|a)+$ ]]; then echo no; exit 5; fi'}",
        """run: printf '%s' "$P" | docker login ghcr.io --password-stdin""",
        """run: umask 077 && mkdir -p ~/.ssh; printf '%s' "$K" >~/.ssh/id_ed25519""",
        "run: ''",
    ],
)
def test_what_runs_nothing_of_the_project_may_be_beside_it(other: str) -> None:
    assert problems(job(other, step())) == []


@pytest.mark.parametrize("command", ["run", "stages", ""])
def test_the_one_step_that_runs_the_tests_itself_is_warned_of(command: str) -> None:
    text = job(step(command or '""'))

    warned = [
        each
        for each in judge_log_key(only(text), None)
        if each.standing is Standing.WARNING
    ]

    assert "the project's own tests" in warned[0].what


@pytest.mark.parametrize("command", ["record", "approve", "rollout", "audit"])
def test_steps_that_run_nothing_of_the_project_are_not_warned_of(command: str) -> None:
    found = judge_log_key(only(job(step(command))), None)

    assert {each.standing for each in found} == {Standing.NOTE}


def test_a_key_in_the_file_is_a_problem() -> None:
    (found,) = problems(job(step(key="PRIVATE+KEY+x")))

    assert "not read from a secret" in found.what
    assert "PRIVATE" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        job("run: echo", more=f'    env: {{SLUICE_LOG_KEY: "{KEY}"}}\n'),
        f'env: {{SLUICE_LOG_KEY: "{KEY}"}}\n' + job("run: echo"),
    ],
)
def test_a_key_that_every_step_sees_is_a_problem(text: str) -> None:
    assert "every step of job a" in problems(text)[0].what


def test_a_job_without_an_environment_reads_a_secret_that_all_branches_read() -> None:
    text = job(step()).replace("    environment: sluicegate\n", "")

    (found,) = problems(text)

    assert "enters no environment" in found.what


def test_nobody_having_the_key_is_said_as_it_is() -> None:
    (found,) = judge_log_key(only("on: push\njobs: {a: {steps: [run: make]}}"), None)

    assert (found.standing, found.why) == (
        Standing.NOTE,
        "runs there are judged and not recorded, and release nothing",
    )


CALL = f"""\
on: push
permissions: {{}}
jobs:
  record:
    uses: acme/sluicegate/.github/workflows/sluice-record.yml@{COMMIT}
    secrets: inherit
"""


@pytest.mark.parametrize(
    ("call", "standings"),
    [
        (CALL, {Standing.NOTE}),
        (CALL.replace("inherit", f'{{SLUICE_LOG_KEY: "{KEY}"}}'), {Standing.NOTE}),
        (
            CALL.replace("acme/sluicegate/", "$/").split("@", maxsplit=1)[0] + "\n",
            set(),
        ),
    ],
)
def test_the_reusable_recorder_keeps_the_key_in_an_environment_of_its_own(
    call: str, standings: set[Standing]
) -> None:
    found = list(judge_log_key(only(call), None))

    assert {each.standing for each in found} - {Standing.NOTE} == set()
    assert {each.standing for each in found} >= standings


def test_what_a_caller_hands_to_the_recorder_is_looked_for_where_it_reads_it() -> None:
    files = checkout({".github/workflows/release.yml": CALL})
    elsewhere = replace(ENVIRONMENT, name="other")

    checks = judged(files, host=settings(environments=(ENVIRONMENT, elsewhere)))
    missing = judged(files, host=settings(environments=(elsewhere,)))

    assert bad(checks) == []
    assert ("log key", Standing.PROBLEM) in bad(missing)


@pytest.mark.parametrize("where", ["secrets", "shared_secrets"])
def test_a_secret_outside_the_environment_is_a_problem_with_two_commands(
    where: str,
) -> None:
    checks = judged(host=settings(**{where: frozenset({"SLUICE_LOG_KEY"})}))

    found = next(each for each in checks if each.standing is Standing.PROBLEM)
    assert "every workflow on every branch" in found.why
    assert found.fix.splitlines() == [
        "gh secret set SLUICE_LOG_KEY --env sluicegate < KEYFILE",
        "gh secret delete SLUICE_LOG_KEY",
    ]


def test_an_environment_without_the_secret_is_a_problem() -> None:
    environment = replace(ENVIRONMENT, secrets=frozenset())

    found = bad(judged(host=settings(environments=(environment,))))

    assert set(found) == {("log key", Standing.PROBLEM)}


def test_an_environment_that_only_a_run_can_tell_is_unknown() -> None:
    files = checkout(
        {
            ".github/workflows/release.yml": RECORD.replace(
                ": sluicegate\n", ": ${{ x }}\n"
            )
        }
    )

    assert bad(judged(files)) == [("log key", Standing.UNKNOWN)]
