"""Unit tests of `sluicegate.config.credentials`: of whole files, at every place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policies import pipeline

from sluicegate.config.file import parse_pipeline, read_pipeline
from sluicegate.config.gate_tests import parse_gate_tests
from sluicegate.config.policy import PolicyText, parse_policy
from sluicegate.errors import PipelineFileError

PLANTED = "correct-horse-battery"
GITHUB = "ghp_" + "a1B2" * 9
HEAD = "schema: sluicegate/v1\nname: a_b_v1.0\nstages:\n"


# Put together here, so that nobody takes this file for a leak.
TOKENS = (
    GITHUB,
    "hvs." + "a1B2" * 6,
    "s." + "a1B2" * 6,
    "AKIA" + "QX7Z" * 4,
    "sk-proj-" + "a1B2" * 9,
    "https://me:" + PLANTED + "@pypi.example.org/simple",
    "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEow\n",
)
Plain = dict[str, "Plain"] | list["Plain"] | str | int
WHOLE: dict[str, Plain] = {
    "schema": "sluicegate/v1",
    "name": "churn_release_v1.0",
    "extends": ["policy.yaml"],
    "people": {"ann": ["ann@acme.org"]},
    "groups": {"leads": ["ann"]},
    "public": ["EOS_TOKEN"],
    "paths": ["../shared"],
    "pools": {"gpu": 4},
    "costs": {"currency": "EUR", "stages": {"train": {"gpu_hour": 2}}},
    "audit": {"store": "dir:log", "signers": "a/b"},
    "notify": [{"uses": "webhook", "url": {"env": "SLACK_URL"}}],
    "stages": {
        "train": {
            "uses": "train",
            "run": ["python", "train.py"],
            "inputs": ["data"],
            "model": ["model"],
            "env": {"MODE": "fast"},
            "gate": ["train.exit_code == 0"],
        },
        "build": {
            "uses": "docker-build",
            "image": "acme/churn",
            "args": {"A": "b"},
            "secrets": {"pip": {"env": "PIP"}},
        },
        "canary": {
            "uses": "canary",
            "environment": "production",
            "metrics": {"lag": {"kind": "gauge", "from": {"uses": "command"}}},
        },
    },
    "environments": {
        "production": {
            "target": {"uses": "docker", "port": 80, "env": {"MODE": "fast"}},
            "approvals": {"from": ["@leads"]},
        }
    },
    "secrets": {
        "providers": {
            "vault": {
                "uses": "vault",
                "address": "https://v.acme.org",
                "auth": {"method": "jwt", "role": "churn"},
            }
        },
        "use": {"DB": {"from": "vault", "path": "a/b", "stages": ["train"]}},
    },
}


def leaves(
    node: Plain, path: tuple[str | int, ...] = ()
) -> list[tuple[str | int, ...]]:
    if isinstance(node, dict):
        return [each for key in node for each in leaves(node[key], (*path, key))]
    if isinstance(node, list):
        return [
            each for n, item in enumerate(node) for each in leaves(item, (*path, n))
        ]
    return [path]


def planted(path: tuple[str | int, ...], token: str, *, as_key: bool) -> str:
    """The whole file as JSON, which is YAML, with *token* at *path*."""
    root = json.loads(json.dumps(WHOLE))
    node = root
    for part in path[:-1]:
        node = node[part]
    if as_key:
        node[path[-1]] = {token: node[path[-1]]}
    else:
        node[path[-1]] = token
    return json.dumps(root, indent=1)


def pieces(token: str) -> list[str]:
    """What of *token* must not be seen, without what any file of its kind holds."""
    if token.startswith("-----"):
        return ["MIIEow"]
    return [PLANTED] if PLANTED in token else [token, token[8:24]]


@given(
    path=st.sampled_from(leaves(WHOLE)),
    token=st.sampled_from(TOKENS),
    before=st.sampled_from(["", "curl -H 'X: ", "see "]),
    as_key=st.booleans(),
)
def test_a_credential_is_found_at_every_place_and_never_repeated(
    *, path: tuple[str | int, ...], token: str, before: str, as_key: bool
) -> None:
    text = planted(path, before + token, as_key=as_key)

    with pytest.raises(PipelineFileError) as caught:
        parse_pipeline(text.encode(), "f")

    said = f"{caught.value}\n{caught.value.hint}"
    assert "looks like a credential" in said
    assert "have a new one made" in said
    for piece in pieces(token):
        assert piece not in said


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(
    "rest",
    [
        {"people": {"eve": ["TOKEN"]}},
        {"groups": {"leads": ["TOKEN"]}},
        {"budgets": {"runs": {"day": "TOKEN"}}},
        {"environments": {"production": {"gate": ["TOKEN"]}}},
        {"environments": {"TOKEN": {}}},
        {"TOKEN": 1},
    ],
)
def test_a_shared_policy_holds_none_either(rest: dict[str, Plain], token: str) -> None:
    quoted = json.dumps(token)[1:-1]
    shared = json.dumps({"schema": "sluicegate-policy/v1", **rest})
    texts = (pipeline(), shared.replace("TOKEN", quoted))
    own, org = (PolicyText(f"f{n}", each.encode()) for n, each in enumerate(texts))

    with pytest.raises(PipelineFileError) as caught:
        parse_policy([own, org], "production", "refs/heads/main", "c0ffee")

    assert "f1:1: " in str(caught.value)
    assert "looks like a credential" in str(caught.value)
    for piece in pieces(token):
        assert piece not in str(caught.value)


def problems(line: str) -> tuple[str, ...]:
    try:
        parse_pipeline(f"{HEAD}  t: {line}\n".encode(), "f")
    except PipelineFileError as error:
        return error.problems
    return ()


@pytest.mark.parametrize(
    "run",
    [
        "curl -H 'Authorization: Bearer $API_TOKEN' https://api.acme.org",
        "psql postgres://me:$PASSWORD@db/x",
        "psql postgres://me:${PASSWORD}@db/x",
        "psql postgres://me:$(cat /run/secrets/db)@db/x",
        "pip install sk-learn-gradient-boosting-classifier-extras",
        "echo s.some_attribute_with_a_long_name",
        "docker pull ghcr.io/acme/x@sha256:" + "ab" * 32,
        "git checkout " + "c0ffee12" * 5,
        "deploy --token=$TOKEN --password ${PASSWORD}",
        "echo https://host:8080/a@b",
    ],
)
def test_what_only_names_a_credential_is_none(run: str) -> None:
    assert problems(f'{{uses: command, run: "{run}"}}') == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            f"{{uses: command, run: 'curl -H X:{GITHUB} h'}}",
            (
                "t.run: looks like a credential, and this file is no place for"
                " one: write"
                " $API_TOKEN in its place, and name it at the top: `secrets:"
                " {providers:"
                " {here: {uses: environment}}, use: {API_TOKEN: {from: here, path:"
                " API_TOKEN, stages: [t]}}}`"
            ),
        ),
        (
            f"{{uses: command, run: x, env: {{HF_TOKEN: {PLANTED}}}}}",
            (
                "t.env.HF_TOKEN: looks like a credential, and this file is no place for"
                " one: leave it out, and name it at the top: `secrets:"
                " {providers: {here:"
                " {uses: environment}}, use: {HF_TOKEN: {from: here, path: HF_TOKEN,"
                " stages: [t]}}}` (if it is none, say so at the top: `public:"
                " [HF_TOKEN]`)"
            ),
        ),
        (
            f"{{uses: command, run: x, env: {{GITHUB_TOKEN: {GITHUB}}}}}",
            (
                "t.env.GITHUB_TOKEN: looks like a credential, and this file is"
                " no place for"
                " one: leave it out, and name it at the top: `secrets:"
                " {providers: {here:"
                " {uses: environment}}, use: {API_TOKEN: {from: here, path: API_TOKEN,"
                " stages: [t]}}}` (if it is none, say so at the top: `public:"
                " [GITHUB_TOKEN]`)"
            ),
        ),
    ],
)
def test_the_lines_to_write_instead_are_shown(line: str, said: str) -> None:
    assert problems(line) == (f"f:4: stages.{said}",)


def test_what_another_tool_would_put_in_is_told_apart() -> None:
    line = "{uses: command, run: x, env: {HF_TOKEN: '${{ secrets.HF_TOKEN }}'}}"

    with pytest.raises(PipelineFileError) as caught:
        parse_pipeline(f"{HEAD}  t: {line}\n".encode(), "f")

    (said,) = caught.value.problems
    assert said.startswith(
        "f:4: stages.t.env.HF_TOKEN: nothing is put in here for what this names: leave"
        " it out, and name it at the top: `secrets: "
    )
    assert caught.value.hint is None


def test_a_table_of_cases_for_gates_holds_none_either() -> None:
    read = read_pipeline(f"{HEAD}  t: {{uses: ruff}}\n".encode(), "f")
    cases = f"cases: [{{name: a, gate: t, given: {{t.findings: {GITHUB}}}}}]\n"

    with pytest.raises(PipelineFileError, match="looks like a credential"):
        parse_gate_tests(cases.encode(), "tests", read)


def test_the_provider_of_the_file_is_taken_where_there_is_one() -> None:
    line = (
        f"{{uses: command, run: {GITHUB}}}\nsecrets: {{providers: {{bao: {{uses: vault,"
        " address: 'https://v', auth: {method: jwt, role: r}}}}"
    )

    (said,) = problems(line)

    assert said.endswith(
        "`secrets: {use: {API_TOKEN: {from: bao, path: PATH, stages: [t]}}}`"
    )


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        (("notify", 0, "url"), "like {env: SLACK_WEBHOOK_URL}"),
        (("audit", "store"), "Git asks its credential helper"),
        (("public", 0), "name the argument or variable, and never what it holds"),
        (("secrets", "use", "DB", "path"), "say who keeps it and where"),
        (("secrets", "providers", "vault", "auth", "role"), "secret_id_env"),
        (("stages", "build", "secrets", "pip"), "{env: VARIABLE} or {file: ~/a/file}"),
        (("stages", "canary", "metrics", "lag"), "auth: {bearer: {env: VARIABLE}}"),
        (("environments", "production", "target", "env", "MODE"), "of its host"),
        (("name",), "no place for one: leave it out"),
    ],
)
def test_the_fix_is_that_of_the_place(path: tuple[str | int, ...], advice: str) -> None:
    with pytest.raises(PipelineFileError) as caught:
        parse_pipeline(planted(path, GITHUB, as_key=False).encode(), "f")

    (said,) = [each for each in caught.value.problems if "a credential" in each]
    assert advice in said


def test_nothing_else_is_said_of_a_credential() -> None:
    (said,) = problems(f"{{uses: {GITHUB}}}")

    assert said.startswith("f:4: stages.t.uses: looks like a credential")
