"""Unit tests of `sluicegate.audit.redaction`."""

import json
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sluicegate.audit.jcs import Json, format_json
from sluicegate.audit.redaction import MAIL, REDACTED, Redactor
from sluicegate.model.token_kinds import TOKEN_KINDS

LIMIT = 32 * 1024
REDACTOR = Redactor(home="/home/jane")

# Put together here, so that nobody takes this file for a leak.
TOKENS = {
    "GitHub": "ghp_" + "a1B2" * 9,
    "GitLab": "glpat-" + "a1B2" * 5,
    "Atlassian": "ATATT3" + "a1B2" * 6,
    "Docker": "dckr_pat_" + "a1B2" * 6,
    "PyPI": "pypi-" + "AgEI" * 15,
    "npm": "npm_" + "a1B2" * 9,
    "RubyGems": "rubygems_" + "a1b2" * 12,
    "crates.io": "cio" + "a1B2" * 8,
    "Hugging Face": "hf_" + "aB" * 17,
    "OpenAI and others": "sk-proj-" + "a1B2" * 9,
    "Replicate": "r8_" + "a1B2" * 9 + "c",
    "Databricks": "dapi" + "a1b2" * 8,
    "Amazon": "AKIA" + "QX7Z" * 4,
    "Google": "AIza" + "a1B2c" * 7,
    "Azure": "abc8Q~" + "a1B2" * 8,
    "DigitalOcean": "dop_v1_" + "a1b2" * 16,
    "Vault": "hvs." + "a1B2" * 6,
    "OpenBao": "s." + "a1B2" * 6,
    "Terraform": "a1B2c3D4e5F6g7" + ".atlasv1." + "a1B2" * 15,
    "Slack": "xoxb-" + "1234567890-abc",
    "Slack webhook": "hooks.slack.com/services/" + "T00/B00/a1B2c3D4e5F6",
    "Discord webhook": "discord.com/api/webhooks/" + "1234567/" + "a1B2" * 15,
    "Telegram": "123456789:AA" + "a1B2c3D4e5F" * 3,
    "SendGrid": "SG." + "a1B2" * 5 + "ab." + "a1B2" * 10 + "abc",
    "Twilio": "SK" + "a1b2" * 8,
    "Stripe": "sk_live_" + "a1B2" * 6,
    "Shopify": "shpat_" + "a1b2" * 8,
    "Grafana": "glsa_" + "a1B2" * 10,
    "New Relic": "NRAK-" + "A1B" * 9,
    "Sentry": "sntrys_" + "a1B2" * 12,
    "JSON Web Token": "eyJ" + "hbGciOiJIUzI1" + "." + "eyJ" + "zdWIiOiIxM.c2lnbmF0dXJl",
    "age": "AGE-SECRET-KEY-1" + "QZ" * 29,
    "signed note": "PRIVATE+KEY+" + "log.example/x+0123abcd+" + "AQ" * 22,
}
PEM = (
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\nbnNz\n-----END OPENSSH PRIVATE KEY-----"
)
WRITTEN = st.text(string.printable, min_size=1, max_size=12)


@pytest.mark.parametrize("kind", TOKEN_KINDS)
def test_a_token_is_redacted_wherever_it_stands(kind: str) -> None:
    token = TOKENS[kind]

    for before, after in (("x ", " y"), ("test_it[", "]"), ("'", "'"), ("a:", "")):
        assert REDACTOR.text(f"{before}{token}{after}") == f"{before}{REDACTED}{after}"


def test_a_private_key_is_redacted_whole_even_without_its_end() -> None:
    assert REDACTOR.text(f"see {PEM}.") == f"see {REDACTED}."
    assert REDACTOR.text(f"see {PEM[:60]}") == f"see {REDACTED}"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("password=hunter22 failed", "password=[redacted] failed"),
        ('{"api_key": "a b c d"}', '{"api_key": "[redacted]"}'),
        ("DB_PASSWORD='not closed", "DB_PASSWORD='[redacted]'"),
        ("password=abc[redacted]def", "password=[redacted]"),
        ("password=[hunter", "password=[redacted]"),
        ("key: a1b2c3d4e5", "key: [redacted]"),
        ("mysql --password hunter22 db", "mysql --password [redacted] db"),
        ("curl -u me:pass1234 http://h", "curl -u me:[redacted] http://h"),
        ("Authorization: Basic YWxhZGRpbjpvcGVu", "Authorization: Basic [redacted]"),
        ("https://me:pw@h/x", "https://[redacted]@h/x"),
        ("ssh://jane@h/x", "ssh://[redacted]@h/x"),
        ("AccountKey=abc/def+gh==;x", "AccountKey=[redacted];x"),
    ],
)
def test_what_stands_behind_a_telling_name_is_redacted(said: str, kept: str) -> None:
    assert REDACTOR.text(said) == kept


@pytest.mark.parametrize(
    "text",
    [
        "lint.findings == 0: it is 1",
        "scan.secrets == 0: it is 12 (scan.secrets <= 3)",
        "sha256:" + "ab" * 32,
        "git@github.com:acme/churn.git ssh://git@github.com/acme/churn",
        "pkg:pypi/urllib3@2.1.0 and checkout@4.1.rc",
        "primary_key=customer_id, key: author",
        "password=${DB_PASSWORD} token: *** secret=none",
        "docker run -u 1000:1000 x",
        "/home/janet/x",
        "log.example/x+0123abcd+" + "AeiTsdZrC4OBdCyWqN6907lvehn7J8cDZ4SiuN6DPA4F",
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    assert REDACTOR.text(text) == text


def test_people_are_not_named() -> None:
    said = "/home/jane/.venv/bin/ruff by Jane <jane.doe@mail.example.org>"

    assert REDACTOR.text(said) == f"~/.venv/bin/ruff by Jane <{MAIL}>"


def test_what_the_machine_knows_is_redacted_first() -> None:
    redactor = Redactor(known=lambda text: text.replace("opensesame", REDACTED))

    assert redactor.text("said opensesame") == f"said {REDACTED}"


def test_a_value_is_redacted_for_the_name_that_the_user_gave_it() -> None:
    document: dict[str, Json] = {
        "evidence": {"fields": {"api_token": "abcdef", "tokens": 3}}
    }

    redacted = json.loads(REDACTOR.entry(format_json(document), LIMIT))

    assert redacted == {"evidence": {"fields": {"api_token": REDACTED, "tokens": 3}}}


def test_what_the_log_depends_on_is_never_changed() -> None:
    token = TOKENS["Amazon"]
    document: dict[str, Json] = {
        "run_id": token,
        "commit": token,
        "reason": token,
        "stage": token,
    }

    redacted = json.loads(REDACTOR.entry(format_json(document), LIMIT))

    assert redacted == {**document, "reason": REDACTED}


def test_a_key_of_the_user_s_means_nothing() -> None:
    document: dict[str, Json] = {"labels": {"stage": TOKENS["npm"]}}

    redacted = json.loads(REDACTOR.entry(format_json(document), LIMIT))

    assert redacted == {"labels": {"stage": REDACTED}}


def test_an_entry_without_anything_to_redact_keeps_its_bytes() -> None:
    entry = format_json({"reason": "1 finding", "stages": [{"name": "lint"}]})

    assert REDACTOR.entry(entry, LIMIT) is entry


FRAGMENTS = st.lists(
    st.sampled_from([*TOKENS.values(), PEM, PEM[:50], REDACTED, MAIL, "/home/jane"])
    | st.sampled_from(
        ["password", "token", "key", "=", ": ", "'", '"', "://", "@", "-u ", "a:", " "]
    )
    | st.sampled_from(["--secret ", "Authorization: ", "bearer ", "me@x.example", "\n"])
    | WRITTEN,
    max_size=12,
).map("".join)


@given(FRAGMENTS)
@example(f"me@x.exampleghp_{'a1B2' * 9}me@x.example")
def test_redacting_twice_redacts_no_more(text: str) -> None:
    once = REDACTOR.text(text)

    assert REDACTOR.text(once) == once


@given(WRITTEN, st.sampled_from([*TOKENS.values()]), WRITTEN)
def test_no_token_survives(before: str, token: str, after: str) -> None:
    assert token not in REDACTOR.text(f"{before} {token} {after}")


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_token_at_the_edge_of_a_huge_text_does_not_survive_in_part(
    token: str,
) -> None:
    for start in (65536 - len(token), 65536 - len(token) // 2, 65535):
        text = REDACTOR.text("." * start + token + "." * 99999)
        assert token[:12] not in text
        assert text.endswith("]"), "the cut is not marked"


@pytest.mark.parametrize(
    "part",
    ["a", "password=", PEM[:35], "a@", "a.a@", "eyJ", 'x="', "://a:", "-u a:", "a-",
     "--password ", "Authorization: ", " ", "password=[redacted", "sk-", "token: '"],
)  # fmt: skip
def test_huge_texts_take_no_time(part: str) -> None:
    # A pattern that goes back over what it has read would never end here.
    text = (part * 1_000_000)[:1_000_000]

    assert len(REDACTOR.text(text)) <= 65536
