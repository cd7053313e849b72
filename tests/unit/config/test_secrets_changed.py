"""Unit tests of `sluicegate.config.secrets_changed`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.file import parse_pipeline
from sluicegate.config.secrets_changed import Ruled, changed_uses, refuse_login

HEAD = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  test: {uses: command, run: x}
  build: {uses: docker-build, image: acme/churn}
  train: {uses: command, run: y}
  staging: {uses: canary, environment: staging}
environments:
  staging: {target: {uses: docker, port: 8000}}
"""
PROVIDERS = {
    "vault": "uses: openbao, address: 'https://vault.acme.org',"
    " auth: {method: jwt, role: churn}",
    "aws": "uses: aws-secrets-manager, region: eu-central-1,"
    " role: 'arn:aws:iam::123456789012:role/churn'",
    "here": "uses: environment",
    "github": "uses: github",
}
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012"
GUARDED = "{from: vault, path: prod/db, stages: [test], environments: [staging]}"
FREE = "{from: vault, path: prod/db, stages: [test]}"


def secrets(providers: dict[str, str] | None = None, **uses: str) -> Ruled:
    known = {**PROVIDERS, **(providers or {})}
    text = "secrets:\n  providers:\n"
    text += "".join(f"    {name}: {{{known[name]}}}\n" for name in known)
    text += "  use:\n" + "".join(f"    {name}: {uses[name]}\n" for name in uses)
    return Ruled.of(parse_pipeline((HEAD + text).encode(), "f"))


def why(mine: Ruled, protected: Ruled | None) -> str:
    found = changed_uses(mine, protected)
    (said,) = (found[name] for name in mine.secrets.use if name in found)
    return said


def test_what_is_for_any_run_counts_wherever_it_stands() -> None:
    assert changed_uses(secrets(DB=FREE), None) == {}
    assert changed_uses(secrets(DB=FREE), Ruled()) == {}


def test_what_is_for_an_environment_counts_as_the_protected_branch_has_it() -> None:
    assert changed_uses(secrets(DB=GUARDED), secrets(DB=GUARDED)) == {}


def test_what_is_for_an_environment_counts_nowhere_without_a_protected_branch() -> None:
    assert why(secrets(DB=GUARDED), None) == (
        "which environments it is for, only a protected branch can say"
    )


def test_a_branch_cannot_add_a_use() -> None:
    assert why(secrets(DB=GUARDED), Ruled()) == (
        "the protected branch does not give it to anybody"
    )


@pytest.mark.parametrize(
    ("mine", "keys"),
    [
        (GUARDED.replace("[test]", "[test, build]"), "stages"),
        (GUARDED.replace("[test]", "[build]"), "stages"),
        (FREE, "environments"),
        (GUARDED.replace("prod/db", "prod/other"), "path"),
        (GUARDED.replace("path:", "field: url, path:"), "field"),
        (GUARDED.replace("path:", "version: '3', path:"), "version"),
        (GUARDED.replace("from: vault, path: prod/db", "from: here, path: X"), "from"),
        (FREE.replace("[test]", "[build]"), "stages, environments"),
    ],
)
def test_a_branch_cannot_give_a_secret_to_more(mine: str, keys: str) -> None:
    said = why(secrets(DB=mine), secrets(DB=GUARDED))

    assert keys in said
    assert said.startswith("the protected branch says otherwise of its ")


def test_a_branch_may_give_a_secret_to_fewer() -> None:
    wide = "{from: vault, path: a, stages: [test, build]}"
    narrow = "{from: vault, path: a, stages: [test], environments: [staging]}"

    assert changed_uses(secrets(DB=narrow), secrets(DB=wide)) == {}


def test_a_branch_cannot_ask_another_provider_under_the_same_name() -> None:
    other = PROVIDERS["vault"].replace("vault.acme.org", "vault.evil.example")

    said = why(secrets({"vault": other}, DB=GUARDED), secrets(DB=GUARDED))

    assert said == "its provider vault is another one on the protected branch"


@pytest.mark.parametrize(
    ("providers", "mine", "kept"),
    [
        # Another variable, or another way to the same place.
        ({}, FREE, GUARDED),
        (
            {"mine": PROVIDERS["vault"] + ", namespace: team"},
            "{from: mine, path: prod/db, stages: [test]}",
            "{from: in, path: prod/db, stages: [test], environments: [staging]}",
        ),
        (
            {"mine": PROVIDERS["vault"] + ", mount: team/secret"},
            "{from: mine, path: prod/db, stages: [test]}",
            "{from: in, path: prod/db, stages: [test], environments: [staging]}",
        ),
        (
            {"mine": PROVIDERS["vault"] + ", mount: secret/data/prod"},
            "{from: mine, path: db, stages: [test]}",
            (
                "{from: vault, path: prod/data/db, stages: [test],"
                " environments: [staging]}"
            ),
        ),
        (
            {},
            f"{{from: aws, path: '{ARN}:secret:prod/db-a1B2c3', stages: [test]}}",
            "{from: aws, path: prod/db, stages: [test], environments: [staging]}",
        ),
        (
            {},
            "{from: github, path: KEY, stages: [test]}",
            "{from: here, path: KEY, stages: [test], environments: [staging]}",
        ),
    ],
    ids=["variable", "namespace", "mount", "inner mount", "ARN", "kind"],
)
def test_a_branch_cannot_take_a_guarded_secret_by_another_name(
    providers: dict[str, str], mine: str, kept: str
) -> None:
    inside = {"in": PROVIDERS["vault"] + ", namespace: team"}

    said = why(secrets(providers, OTHER=mine), secrets(inside, DB=kept))

    assert said == (
        "the protected branch does not give it to anybody, and it is the same secret"
        " as DB there"
    )


READS = """\
      lag:
        kind: gauge
        slack: 0.5
        from:
          uses: prometheus
          url: https://prometheus.acme.org
          samples: lag
          arms: {label: version, stable: "{commit}", canary: "{commit}"}
          auth: {bearer: {env: PROM}}
"""


def test_what_sluicegate_reads_behind_a_gate_is_for_no_program_of_a_branch() -> None:
    use = "{from: vault, path: prom, stages: [staging], environments: [staging]}"
    canary = "  staging: {uses: canary, environment: staging}\n"
    reading = canary.replace("{", "\n    ").replace(", ", "\n    ").replace("}", "")
    text = (
        HEAD + "secrets:\n  providers:\n    vault: {" + PROVIDERS["vault"] + "}\n"
        "  use:\n    PROM: " + use + "\n"
    )
    ruled = Ruled.of(
        parse_pipeline(
            text.replace(canary, f"{reading}    metrics:\n{READS}").encode(), "f"
        )
    )
    taking = "  staging: {uses: command, run: env}\n"
    other = "  other: {uses: canary, environment: staging}\n"
    mine = Ruled.of(parse_pipeline(text.replace(canary, taking + other).encode(), "f"))

    assert changed_uses(ruled, ruled) == {}
    assert why(mine, ruled) == (
        "stage staging is command here, and canary on the protected branch"
    )


APPROLE = (
    "uses: vault, address: 'https://vault.acme.org',"
    " auth: {method: approle, role_id: churn, secret_id_env: SECRET_ID}"
)


def test_a_branch_does_not_read_guarded_variables_past_use() -> None:
    plain = "{from: here, path: PROD_DB, stages: [test], environments: [staging]}"
    free = "{from: here, path: FREE, stages: [test]}"
    protected = secrets({"role": APPROLE}, DB=plain, FREE=free)

    assert changed_uses(Ruled(), protected) == {
        "PROD_DB": "on the protected branch it is the secret for DB, which is for"
        " staging alone",
        "SECRET_ID": "on the protected branch it is the login to role",
    }


@pytest.mark.parametrize(
    ("mine", "sent"),
    [
        (APPROLE, None),
        (APPROLE.replace("SECRET_ID", "ANOTHER"), None),
        (APPROLE.replace("acme.org", "evil.example"), "SECRET_ID"),
        (APPROLE.replace("SECRET_ID", "PROD_DB"), "PROD_DB"),
        (PROVIDERS["vault"].replace("acme.org", "evil.example"), None),
    ],
)
def test_a_branch_cannot_send_a_guarded_variable_as_a_login(
    mine: str, sent: str | None
) -> None:
    plain = "{from: here, path: PROD_DB, stages: [test], environments: [staging]}"
    protected = secrets({"role": APPROLE}, DB=plain)
    use = "{from: my, path: a, stages: [test]}"
    provider = secrets({"my": mine}, X=use).secrets.providers["my"]

    why_not = refuse_login(provider, protected)

    assert refuse_login(provider, None) is None
    assert (why_not is None) == (sent is None)
    assert why_not is None or why_not.startswith(f"{sent} is not sent to it: ")


def test_what_the_protected_branch_gives_to_any_run_too_counts() -> None:
    both = secrets(DB=GUARDED, ANY=FREE)

    assert changed_uses(both, both) == {}


_STAGES = st.sets(st.sampled_from(["test", "build", "train"]), min_size=1)
_PLACES = st.sampled_from([(), ("staging",)])


@given(_STAGES, _PLACES, _STAGES, _PLACES)
def test_nobody_gets_more_than_the_protected_branch_gives(
    mine: set[str],
    my_places: tuple[str, ...],
    ruled: set[str],
    ruled_places: tuple[str, ...],
) -> None:
    def use(stages: set[str], places: tuple[str, ...]) -> str:
        return (
            f"{{from: vault, path: a, stages: [{', '.join(sorted(stages))}],"
            f" environments: [{', '.join(places)}]}}"
        )

    protected = secrets(DB=use(ruled, ruled_places))
    counts = not changed_uses(secrets(DB=use(mine, my_places)), protected)

    if ruled_places:
        assert counts == (mine <= ruled and my_places == ruled_places)
    elif my_places:
        assert counts == (mine <= ruled)
    else:
        assert counts  # it is for any run, here and there
