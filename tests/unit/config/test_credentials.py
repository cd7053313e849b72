"""Unit tests of `sluicegate.config.credentials`, through whole files."""

import pytest

from sluicegate.config.file import parse_pipeline
from sluicegate.errors import PipelineFileError

PLANTED = "correct-horse-battery"
GITHUB = "ghp_" + "a1B2" * 9


def problems(stages: str, rest: str = "") -> tuple[str, ...]:
    text = f"schema: sluicegate/v1\nname: a_b_v1.0\nstages:\n{stages}{rest}"
    try:
        parse_pipeline(text.encode(), "f")
    except PipelineFileError as error:
        return error.problems
    return ()


def build(line: str, rest: str = "") -> tuple[str, ...]:
    return problems(f"  b:\n    uses: docker-build\n    image: x\n    {line}\n", rest)


@pytest.mark.parametrize(
    "argument",
    [
        f"PIP_TOKEN: {PLANTED}",
        f"dbPassword: {PLANTED}",
        f"API_KEY: {PLANTED}",
        f"INDEX: https://me:{PLANTED}@pypi.example.org/simple",
        f"X: {GITHUB}",
        "PIP_TOKEN: 1234567890",
        "PIP_TOKEN: [a, b]",
    ],
)
def test_a_credential_is_refused_and_never_repeated(argument: str) -> None:
    found = build(f"args:\n      GOOD: fine\n      {argument}")

    assert found
    assert all(problem.startswith("f:9: stages.b.args.") for problem in found)
    for secret in (PLANTED, GITHUB, "1234567890"):
        assert secret not in "".join(found)


def test_the_way_out_is_said() -> None:
    (problem,) = build(f"args: {{PIP_TOKEN: {PLANTED}}}")

    assert problem == (
        "f:7: stages.b.args.PIP_TOKEN: looks like a credential, and this file is no"
        " place for one: an image keeps its build arguments; give it as `secrets: {ID:"
        " {env: PIP_TOKEN}}` and mount it with RUN --mount=type=secret,id=ID (if it is"
        " none, say so at the top: `public: [PIP_TOKEN]`)"
    )


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        (f"service_env: {{HF_TOKEN: {PLANTED}}}", "service_env.HF_TOKEN"),
        (f"service_env: {{X: {GITHUB}}}", "service_env.X"),
        (f"headers: {{Authorization: Bearer {PLANTED}}}", "headers.Authorization"),
        (f"headers: {{X-Api-Key: {PLANTED}}}", "headers.X-Api-Key"),
    ],
)
def test_what_a_smoke_test_gives_a_service_is_looked_at_too(
    setting: str, place: str
) -> None:
    smoke = f"  s: {{uses: smoke, golden: g.jsonl, port: 80, {setting}}}\n"

    (problem,) = problems(f"  b: {{uses: docker-build, image: x}}\n{smoke}")

    assert problem.startswith(f"f:5: stages.s.{place}: looks like a credential")
    assert "answer without one" in problem
    assert PLANTED not in problem
    assert GITHUB not in problem


def test_variables_of_stages_and_targets_are_looked_at_too() -> None:
    stages = f"  a:\n    uses: command\n    run: x\n    env: {{MY_SECRET: {PLANTED}}}\n"
    target = f"uses: docker, port: 1, publish: 1, env: {{HF_TOKEN: {PLANTED}}}"

    first, second = problems(stages, f"environments:\n  p:\n    target: {{{target}}}\n")

    assert first.startswith("f:7: stages.a.env.MY_SECRET: looks like a credential")
    assert second.startswith("f:10: environments.p.target.env.HF_TOKEN: looks like")
    assert PLANTED not in first + second


@pytest.mark.parametrize(
    "argument",
    [
        "MAX_TOKENS: '512'",
        "TOKENIZER: bert-base",
        "PASSWORD_FILE: /run/secrets/db",
        "SSH_PUBLIC_KEY: abc",
        "KEYBOARD: qwerty",
        "PIP_TOKEN: ''",
        "BASE: python:3.12@sha256:" + "ab" * 32,
        "URL: https://pypi.example.org:8080/simple",
    ],
)
def test_what_is_no_credential_is_taken(argument: str) -> None:
    assert build(f"args: {{{argument}}}") == ()


def test_a_file_may_say_that_something_is_none() -> None:
    assert build("args: {EOS_TOKEN: '</s>'}", "public: [EOS_TOKEN]\n") == ()
    assert build("args: {BOS_TOKEN: '<s>'}", "public: [EOS_TOKEN]\n")


@pytest.mark.parametrize(
    "secrets",
    [
        f"{{pip: {PLANTED}}}",
        f"{{pip: {{value: {PLANTED}}}}}",
        f"{{pip: {{env: '{PLANTED}'}}}}",
        f"{{pip: {{env: A, file: {PLANTED}}}}}",
        f"{{pip: [{PLANTED}]}}",
        "{pip: {env: GITHUB_TOKEN}}",
        "{pip: {file: ''}}",
        "{pip: {file: ~root/x}}",
        "{sluicegate-ca: {env: A}}",
        "{'a b': {env: A}}",
    ],
)
def test_a_secret_is_said_to_be_somewhere_and_never_written(secrets: str) -> None:
    found = build(f"secrets: {secrets}")

    assert len(found) == 1
    assert found[0].startswith("f:7: stages.b.secrets")
    assert PLANTED not in found[0]


def test_the_two_places_of_a_secret_are_said() -> None:
    (problem,) = build(f"secrets: {{pip: {PLANTED}}}")

    assert problem == (
        "f:7: stages.b.secrets.pip: must say where the secret is, and never what it is:"
        " {env: VARIABLE} or {file: ~/a/file}"
    )


@pytest.mark.parametrize(
    "secrets",
    ["{pip: {env: PIP_TOKEN}}", "{pip.conf: {file: ~/.pip/pip.conf}, n: {file: n}}"],
)
def test_a_place_of_a_secret_is_taken(secrets: str) -> None:
    assert build(f"secrets: {secrets}") == ()


def test_platforms_are_refused_until_they_are_supported() -> None:
    (problem,) = build("platforms: [linux/amd64, linux/arm64]")

    assert problem == (
        "f:7: stages.b: 'platforms' is not supported in this version: an image is built"
        " for the engine's own platform"
    )
