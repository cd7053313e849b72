"""Unit tests of `sluicegate.stages.docker_build_secret`."""

from dataclasses import replace

import pytest
from pydantic import ValidationError
from stage_harness import make_context
from tool_vectors import make_result

from sluicegate.errors import PermanentError
from sluicegate.model.tool import Tool
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.docker_build_secret import locate, secret_option

PLANTED = "correct-horse"
DOCKER = Tool("docker", ("docker",), "20.10.24", None, "on PATH")
CONTEXT = replace(
    make_context("/project", "/out", tools={"docker": DOCKER}), home="/home/me"
)


def stage(secrets: object) -> DockerBuildStage:
    return DockerBuildStage.model_validate(
        {"uses": "docker-build", "image": "x", "secrets": secrets}
    )


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("~/.pip/pip.conf", "/home/me/.pip/pip.conf"),
        ("/run/secrets/a", "/run/secrets/a"),
        ("ops/token", "/project/ops/token"),
    ],
)
def test_a_file_is_found_where_it_was_said_to_be(file: str, path: str) -> None:
    argv = next(
        step.command.argv
        for step in stage({"a": {"file": file}}).plan(CONTEXT)
        if step.name == "docker build"
    )

    assert f"--secret=id=a,src={path}" in argv


def test_a_home_that_nobody_knows_is_said() -> None:
    with pytest.raises(PermanentError, match="no home"):
        locate("~/x", "/project", None)


def test_an_option_is_a_line_of_csv() -> None:
    assert secret_option("a", "env=B") == "--secret=id=a,env=B"
    assert secret_option("a", 'src=/x, "y"') == '--secret=id=a,"src=/x, ""y"""'


def test_secrets_are_looked_for_first_and_their_values_are_in_no_command() -> None:
    plan = stage({"b": {"file": "/b"}, "a": {"env": "A"}}).plan(CONTEXT)

    assert [step.name for step in plan[:3]] == ["secret a", "secret b", "docker build"]
    assert plan[0].command.argv == ("sh", "-c", 'test -n "${A:-}"')
    assert plan[2].optional
    assert "--secret=id=a,env=A" in plan[2].command.argv


def test_without_secrets_the_build_depends_on_nothing() -> None:
    assert not stage({}).plan(CONTEXT)[0].optional


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        (
            {"env": "A"},
            "a is missing: the environment variable A is not set",
            "export A",
        ),
        ({"file": "~/a"}, "a is missing: there is no file /home/me/a", "put it there"),
    ],
)
def test_a_missing_secret_is_no_verdict(
    source: dict[str, str], message: str, hint: str
) -> None:
    results = (make_result("secret a", 1),)

    with pytest.raises(PermanentError, match=message) as caught:
        stage({"a": source}).interpret(CONTEXT, results)

    assert caught.value.hint is not None
    assert hint in caught.value.hint


def test_a_secret_that_nobody_looked_for_is_no_verdict() -> None:
    with pytest.raises(PermanentError, match="nobody looked"):
        stage({"a": {"env": "A"}}).interpret(CONTEXT, (make_result("docker build"),))


@pytest.mark.parametrize(
    "source",
    [
        PLANTED,
        7,
        {},
        {"env": PLANTED},
        {"env": "A", "file": PLANTED},
        {"file": f"{PLANTED}\nsecond line"},
        {"value": PLANTED},
        {"env": "GITHUB_TOKEN"},
        {"env": "SLUICE_LOG_KEY"},
    ],
)
def test_what_is_no_place_is_refused_unseen(source: object) -> None:
    with pytest.raises(ValidationError) as caught:
        stage({"a": source})

    (error,) = caught.value.errors()
    assert error["type"] == "secret"
    assert PLANTED not in error["msg"]
