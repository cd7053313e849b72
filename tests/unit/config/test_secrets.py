"""Unit tests of `sluicegate.config.secrets`, through whole files."""

import pytest

from sluicegate.config.file import parse_pipeline
from sluicegate.config.secrets import MAX_SECRETS
from sluicegate.errors import PipelineFileError

HEAD = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  test: {uses: pytest, env: {SET_HERE: x}}
  build: {uses: docker-build, image: acme/churn, secrets: {hf: {env: HF_TOKEN}}}
  smoke: {uses: smoke, golden: g.jsonl, port: 80}
  slices: {uses: slices, predictions: p, by: [a], rules: [{metric: recall, min: 0.8}]}
  canary: {uses: canary, environment: production, needs: [build]}
environments:
  production: {target: {uses: docker, port: 8000}}
  spare: {target: {uses: docker, port: 8000}}
notify: [{uses: webhook, url: {env: SLACK_URL}}]
"""
LINES = len(HEAD.splitlines())
PROVIDERS = """\
secrets:
  providers:
    vault:
      uses: openbao
      address: https://vault.acme.org
      auth: {method: approle, role_id: churn, secret_id_env: SECRET_ID}
    aws:
      {uses: aws-secrets-manager, region: eu-central-1,
       role: "arn:aws:iam::123456789012:role/churn"}
    here: {uses: environment}
    actions: {uses: github}
"""
PLANTED = "correct-horse-battery"


def problems(text: str) -> tuple[str, ...]:
    try:
        parse_pipeline(text.encode(), "f")
    except PipelineFileError as error:
        return error.problems
    return ()


def use(*lines: str) -> tuple[str, ...]:
    """What is wrong with these uses, without the line and what all have in common."""
    text = HEAD + PROVIDERS + "  use:\n" + "".join(f"    {each}\n" for each in lines)
    found = problems(text)
    first = len((HEAD + PROVIDERS).splitlines()) + 1
    said = []
    for each in found:
        name, line, rest = each.split(":", 2)
        assert (name, int(line) > first) == ("f", True), each
        said.append(rest.removeprefix(" secrets.use."))
    return tuple(said)


@pytest.mark.parametrize(
    ("variable", "why"),
    [
        ("GITHUB_TOKEN", "is for sluicegate alone and sent to nobody else"),
        ("SLUICE_LOG_KEY", "is for sluicegate alone and sent to nobody else"),
        ("no name", "must be the name of a variable"),
    ],
)
def test_only_a_variable_of_its_own_logs_in_to_vault(variable: str, why: str) -> None:
    text = HEAD + PROVIDERS.replace("SECRET_ID", f"'{variable}'")
    needed = "  use: {X: {from: vault, path: a, stages: [test]}}\n"

    (found,) = problems(text + needed)

    assert ".auth.secret_id_env: " in found
    assert why in found


@pytest.mark.parametrize(
    "line",
    [
        "DB: {from: vault, path: churn/db, field: url, version: 7, stages: [test]}",
        'DB: {from: vault, path: a, version: "7", stages: [test, build]}',
        "DB: {from: aws, path: churn/db, field: url, stages: [test]}",
        "DB: {from: here, path: DB_URL, stages: [test]}",
        "DB: {from: actions, path: DB, stages: [test], environments: [production]}",
        "HF_TOKEN: {from: here, path: HF_TOKEN, stages: [build]}",
        (
            "DB: {from: aws, stages: [test], path: 'arn:aws:secretsmanager:eu-central-1"
            ":123456789012:secret:churn/db-a1B2c3'}"
        ),
    ],
)
def test_a_use_that_fits_is_taken(line: str) -> None:
    assert use(line) == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "DB: {from: valt, path: x, stages: [test]}",
            "DB.from: no provider is called 'valt' (did you mean 'vault'?)",
        ),
        (
            "DB: {from: here, path: DB, stages: [tset]}",
            "DB.stages.0: unknown stage 'tset' (did you mean 'test'?)",
        ),
        (
            "DB: {from: here, path: DB, stages: [test, test]}",
            "DB.stages.1: 'test' is already given",
        ),
        (
            "DB: {from: here, path: DB, stages: [test], environments: [prodution]}",
            (
                "DB.environments.0: unknown environment 'prodution' (did you mean"
                " 'production'?)"
            ),
        ),
        (
            "DB: {from: here, path: DB, stages: [test], environments: [spare]}",
            "DB.environments.0: no stage goes to spare, so no run would ever get it",
        ),
        (
            (
                "DB: {from: here, path: DB, stages: [test],"
                " environments: [production, production]}"
            ),
            "DB.environments.1: 'production' is already given",
        ),
        (
            "DB: {from: here, path: DB, stages: [smoke]}",
            (
                "DB.stages.0: smoke starts the service with service_env alone:"
                " it has to"
                " answer without secrets"
            ),
        ),
        (
            "DB: {from: here, path: DB, stages: [slices]}",
            "DB.stages.0: slices reads a file of predictions, and no secret",
        ),
        (
            "DB: {from: here, path: DB, stages: [canary]}",
            (
                "DB.stages.0: canary runs no program of yours: it reads a"
                " secret where a"
                " source of its metrics names it, like auth: {bearer: {env: DB}}"
            ),
        ),
        (
            "SET_HERE: {from: here, path: DB, stages: [test]}",
            "SET_HERE.stages.0: its env: sets SET_HERE already: leave it out there",
        ),
        (
            "HF_TOKEN: {from: here, path: HF_TOKEN, stages: [test]}",
            (
                "HF_TOKEN.stages: stage 'build' reads HF_TOKEN too, and no"
                " other stage gets"
                " it: add 'build'"
            ),
        ),
        (
            "SLACK_URL: {from: here, path: X, stages: [test]}",
            (
                "SLACK_URL: notify reads SLACK_URL, and no stage sees that:"
                " take another"
                " name for one of them"
            ),
        ),
        (
            "SECRET_ID: {from: vault, path: x, stages: [test]}",
            (
                "SECRET_ID: SECRET_ID is how sluicegate logs in to vault, and"
                " no stage sees"
                " that: take another name"
            ),
        ),
        (
            "DB: {from: here, path: SECRET_ID, stages: [test]}",
            "DB.path: SECRET_ID is how sluicegate logs in to vault, and nobody else's",
        ),
        (
            "MY_TOKEN: {from: actions, path: GITHUB_TOKEN, stages: [test]}",
            (
                "MY_TOKEN.path: GITHUB_TOKEN is for sluicegate alone and never"
                " given to a"
                " stage: make a token that can only do what the stage must, and"
                " put it into"
                " another variable"
            ),
        ),
        (
            "SLUICE_LOG_KEY: {from: vault, path: x, stages: [test]}",
            (
                "SLUICE_LOG_KEY: SLUICE_LOG_KEY is for sluicegate alone, and no"
                " stage is"
                " given it: take another name"
            ),
        ),
        (
            "TRACEPARENT: {from: vault, path: x, stages: [test]}",
            (
                "TRACEPARENT: TRACEPARENT is what sluicegate sets itself: take"
                " another name"
            ),
        ),
        (
            "DB: {from: here, path: a/b, stages: [test]}",
            (
                "DB.path: must be the name of the environment variable that holds it:"
                " letters, digits and _, and no digit first"
            ),
        ),
        (
            "DB: {from: here, path: DB, field: url, stages: [test]}",
            "DB.field: a variable holds one value, and no fields: leave it out",
        ),
        (
            "DB: {from: actions, path: DB, version: 3, stages: [test]}",
            "DB.version: nobody counts versions of a variable: leave it out",
        ),
        (
            "DB: {from: vault, path: secret/data/churn, stages: [test]}",
            (
                "DB.path: leave secret/data/ out: the API adds it, and a policy"
                " names it;"
                " write it as it stands below the mount secret, like churn/database"
            ),
        ),
        (
            "DB: {from: vault, path: data/churn, stages: [test]}",
            (
                "DB.path: leave data/ out: the API adds it, and a policy names"
                " it; write it"
                " as it stands below the mount secret, like churn/database"
            ),
        ),
        (
            "DB: {from: vault, path: x, version: newest, stages: [test]}",
            "DB.version: must be a number: Vault and OpenBao count versions from 1",
        ),
        (
            "DB: {from: aws, path: 'a b', stages: [test]}",
            (
                "DB.path: must be the name of a secret, like churn/database, or"
                " its whole"
                " ARN: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX"
            ),
        ),
        (
            (
                "DB: {from: aws, stages: [test], path:"
                " 'arn:aws:secretsmanager:us-east-1"
                ":123456789012:secret:churn/db-a1B2c3'}"
            ),
            "DB.path: is the ARN of a secret in another region than eu-central-1",
        ),
    ],
)
def test_a_slip_is_said_with_its_place_and_what_to_do(line: str, said: str) -> None:
    assert use(line) == (said,)


@pytest.mark.parametrize(
    "path",
    ["/a", "a/", "a//b", "../a", "a/../b", "./a", "a?b", "a#b", "a%2fb", "ä", "*"],
)
def test_a_path_of_vault_stays_below_its_mount(path: str) -> None:
    (said,) = use(f"DB: {{from: vault, path: '{path}', stages: [test]}}")

    assert said.startswith("DB.path: ")
    assert said.endswith("below the mount secret, like churn/database")


@pytest.mark.parametrize(
    "name",
    ["PATH", "HOME", "LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "DOCKER_HOST",
     "BASH_ENV", "GIT_SSH_COMMAND", "SLUICEGATE_OUTPUT", "GITHUB_TOKEN", "GH_TOKEN",
     "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "TRACESTATE", "CI", "KUBECONFIG"],
)  # fmt: skip
def test_a_variable_that_others_need_is_not_taken(name: str) -> None:
    (said,) = use(f"{name}: {{from: vault, path: x, stages: [test]}}")

    assert said.startswith(f"{name}: {name} ")
    assert said.endswith("take another name")


@pytest.mark.parametrize(
    "wrong",
    [
        PLANTED,
        f"{{value: {PLANTED}}}",
        f"[{PLANTED}]",
        f"{{from: here, path: DB, stages: [test], password: {PLANTED}}}",
        f"{{from: here, path: DB, stages: [test], field: [{PLANTED}]}}",
        f"{{from: here, path: {{x: {PLANTED}}}, stages: [test]}}",
        f"{{from: here, path: '{PLANTED}', stages: [test]}}",
        f"{{from: vault, path: a, version: '{PLANTED}', stages: [test]}}",
        f"{{from: aws, path: '{PLANTED}!', stages: [test]}}",
        f"{{from: vault, path: '/{PLANTED}', stages: [test]}}",
    ],
)
def test_a_value_in_the_place_of_a_path_is_not_repeated(wrong: str) -> None:
    found = use(f"DATABASE_URL: {wrong}")

    assert found
    assert all(each.startswith("DATABASE_URL") for each in found)
    assert PLANTED not in "".join(found)


def test_a_value_in_the_place_of_a_use_is_answered_with_the_form() -> None:
    assert use(f"DATABASE_URL: {PLANTED}") == (
        (
            "DATABASE_URL: must say who keeps the secret, and never what it is: {from:"
            " PROVIDER, path: PATH, stages: [STAGE]}"
        ),
    )


def test_a_slip_in_one_use_hides_none_in_another() -> None:
    found = use("A: {from: here}", "B: {from: here, path: B, stages: [none]}")

    assert [each.split(":")[0] for each in found] == ["A", "A", "B.stages.0"]


def test_a_first_provider_is_shown_where_there_is_none() -> None:
    text = HEAD + "secrets: {use: {DB: {from: here, path: DB, stages: [test]}}}\n"

    assert problems(text) == (
        (
            f"f:{LINES + 1}: secrets.use.DB.from: no provider is called 'here'; name it"
            " first: providers: {here: {uses: environment}}"
        ),
    )


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("{uses: valt}", ": unknown uses 'valt' (did you mean 'vault'?)"),
        ("{uses: environment, path: X}", ": unknown key 'path' (one of uses)"),
        (
            "{uses: vault, address: 'http://x.org', auth: {method: jwt, role: r}}",
            (
                ".address: must be an address, like"
                " https://vault.example.org:8200 (http://"
                " only to localhost: who listens would have the secrets)"
            ),
        ),
        (
            "{uses: vault, address: 'https://x.org?a', auth: {method: jwt, role: r}}",
            (
                ".address: must be an address without login and query: how to"
                " log in stands"
                " under auth:"
            ),
        ),
        (
            "{uses: vault, address: 'https://x.org', auth: {method: token, token: t}}",
            ".auth: unknown method 'token' (one of approle, jwt)",
        ),
        (
            (
                "{uses: vault, address: 'https://x.org', auth: {method: jwt, role: r},"
                " ttl: 2h}"
            ),
            ".ttl: must be from 1m to 1h: a login lasts as long as one stage",
        ),
    ],
)
def test_a_provider_is_checked(provider: str, said: str) -> None:
    text = f"{HEAD}secrets:\n  providers:\n    mine: {provider}\n"

    assert problems(text) == (f"f:{LINES + 3}: secrets.providers.mine{said}",)


@pytest.mark.parametrize("key", ["mount", "namespace"])
@pytest.mark.parametrize("path", ["..", "a/../b", "a/./b", "/a", "a/", "a//b", "a?b"])
def test_a_mount_and_a_namespace_are_one_way(key: str, path: str) -> None:
    settings = f"uses: vault, address: 'https://x.org', {key}: '{path}'"
    auth = "auth: {method: jwt, role: r}"
    text = f"{HEAD}secrets:\n  providers:\n    mine: {{{settings}, {auth}}}\n"

    (said,) = problems(text)

    assert said.startswith(f"f:{LINES + 3}: secrets.providers.mine.{key}: must be text")


def test_a_stage_gets_no_more_than_an_entry_of_the_log_can_name() -> None:
    lines = [
        f"S{n}: {{from: vault, path: p, stages: [test]}}" for n in range(MAX_SECRETS)
    ]

    (said,) = use(*lines, "ONE_MORE: {from: vault, path: p, stages: [test]}")

    assert use(*lines) == ()
    assert said == "ONE_MORE.stages.0: 'test' gets more than 20 secrets"


CANARY = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  build: {uses: docker-build, image: acme/churn}
  compare:
    uses: compare
    candidate: c.jsonl
    champion: {uses: mlflow, url: "https://m.acme.org", model: churn,
      predictions: p.jsonl, auth: {bearer: {env: MLFLOW}}}
    metrics: {accuracy: {margin: 0.01}}
    needs: []
  canary:
    uses: canary
    environment: production
    needs: [build]
    metrics: {lag: {kind: gauge, slack: 1, from: SOURCE}}
environments:
  production: {target: {uses: docker, port: 8000}}
  staging: {target: {uses: docker, port: 8000}}
secrets:
  providers: {here: {uses: environment}}
  use:
"""
ARMS = "arms: {label: v, stable: '{commit}', canary: '{commit}'}"
PROMETHEUS = (
    "{uses: prometheus, url: 'https://p.acme.org', samples: 'lag', auth: {bearer: {env:"
    f" PROM}}}}, {ARMS}}}"
)


def canary(line: str, source: str) -> tuple[str, ...]:
    found = problems(CANARY.replace("SOURCE", source) + f"    {line}\n")
    return tuple(each.split(" ", 1)[1] for each in found)


def test_a_canary_gets_what_a_source_of_its_metrics_names() -> None:
    assert canary("PROM: {from: here, path: P, stages: [canary]}", PROMETHEUS) == ()


def test_a_canary_gets_what_a_program_that_counts_may_need() -> None:
    command = "{uses: command, run: ./count}"

    assert canary("ANY: {from: here, path: P, stages: [canary]}", command) == ()


def test_a_comparison_gets_what_its_champion_names() -> None:
    file = "{uses: file, path: x}"

    assert canary("MLFLOW: {from: here, path: P, stages: [compare]}", file) == ()
    assert canary("OTHER: {from: here, path: P, stages: [compare]}", file) == (
        (
            "secrets.use.OTHER.stages.0: compare runs no program of yours: it reads a"
            " secret where its champion names it, like auth: {bearer: {env: OTHER}}"
        ),
    )


def test_a_canary_that_goes_elsewhere_is_told_apart() -> None:
    line = "PROM: {from: here, path: P, stages: [canary], environments: [staging]}"

    assert canary(line, PROMETHEUS) == (
        (
            "secrets.use.PROM.environments.0: no stage goes to staging, so no run would"
            " ever get it"
        ),
        (
            "secrets.use.PROM.stages.0: goes to production, and the secret is"
            " for staging"
            " alone: add production to its environments, or leave the stage out"
        ),
    )
