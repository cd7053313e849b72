"""Unit tests of `sluicegate.report.given_secrets`, and of lines about secrets."""

from datetime import UTC, datetime

import pytest

from sluicegate.model.event_secrets import SecretEvent, SecretsGiven, SecretsRevoked
from sluicegate.model.secret import EndedLogin, GivenSecret
from sluicegate.report.given_secrets import describe_secrets
from sluicegate.report.plain import describe

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TOKEN = GivenSecret("TOKEN", "bao", "openbao", "ml/registry", "token", "3")
PLAIN = GivenSecret("PLAIN", "here", "environment", "NAME_HERE")


def test_a_line_names_where_every_secret_comes_from() -> None:
    assert describe_secrets(SecretsGiven("build", (TOKEN, PLAIN), NOW)) == (
        "given TOKEN from bao (openbao): ml/registry, field token, version 3;"
        " PLAIN from here (environment): NAME_HERE"
    )


@pytest.mark.parametrize(
    ("logins", "said"),
    [
        ([EndedLogin("bao"), EndedLogin("aws")], None),
        (
            [EndedLogin("bao"), EndedLogin("aws", "it lasts until 06:15")],
            "the login to bao has ended; to aws is not revoked: it lasts until 06:15",
        ),
        (
            [EndedLogin("bao", "no answer"), EndedLogin("aws", "lasts")],
            "the login to bao is not revoked: no answer; to aws is not revoked: lasts",
        ),
    ],
    ids=["all revoked", "one left", "two left"],
)
def test_only_a_login_that_is_left_is_worth_a_line(
    logins: list[EndedLogin], said: str | None
) -> None:
    assert describe_secrets(SecretsRevoked("build", tuple(logins), NOW)) == said


@pytest.mark.parametrize(
    "event",
    [
        SecretsGiven("build", (GivenSecret("A", "b", "vault", "x\x1b[2J"),), NOW),
        SecretsRevoked("build", (EndedLogin("b", "x\x1b[2J"),), NOW),
    ],
    ids=["given", "revoked"],
)
def test_what_providers_say_cannot_draw_on_a_terminal(event: SecretEvent) -> None:
    line = describe(event)

    assert line is not None
    assert line.startswith("build: ")
    assert "\x1b" not in line
