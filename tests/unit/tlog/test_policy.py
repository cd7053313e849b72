"""Unit tests of `sluicegate.tlog.policy`."""

import json
from contextlib import suppress
from hashlib import sha256
from itertools import combinations
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from sluicegate.errors import UsageError
from sluicegate.tlog.note import COSIGNATURE_V1, ED25519, VerifierKey, format_vkey
from sluicegate.tlog.policy import MAX_POLICY_BYTES, Policy, parse_policy, require_all

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
KEYS = json.loads((VECTORS / "keys.json").read_bytes())


def key_of(name: str, algorithm: int = COSIGNATURE_V1) -> str:
    seed = Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())
    public = seed.public_key().public_bytes_raw()
    return format_vkey(VerifierKey(f"{name}.example", algorithm, public))


LOG = f"log {KEYS['log_vkey']}"
NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
WITNESSES = [f"witness {name} {key_of(name)}" for name in NAMES]
# The example of the specification, with keys filled in.
EXAMPLE = [
    LOG,
    "",
    *WITNESSES[:3],
    "group X-witnesses 2 X1 X2 X3",
    "",
    *WITNESSES[3:],
    "group Y-witnesses any Y1 Y2 Y3",
    "",
    "group X-and-Y all X-witnesses Y-witnesses",
    "quorum X-and-Y",
]


def parse(*lines: str) -> Policy:
    return parse_policy(("\n".join(lines) + "\n").encode(), "policy")


def problems(*lines: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        parse(*lines)
    return str(caught.value).splitlines()


def test_the_example_of_the_specification_means_what_it_says() -> None:
    policy = parse(*EXAMPLE)

    for count in range(7):
        for chosen in combinations(NAMES, count):
            enough_x = sum(name[0] == "X" for name in chosen) >= 2
            enough_y = any(name[0] == "Y" for name in chosen)
            assert policy.is_met(frozenset(chosen)) == (enough_x and enough_y)
    assert policy.describe() == "2 of (2 of X1, X2, X3), (1 of Y1, Y2, Y3)"
    assert [log.key.name for log in policy.logs] == [KEYS["origin"]]


def test_a_policy_of_one_line_asks_for_no_witness() -> None:
    policy = parse("quorum none")

    assert policy == Policy((), (), (), "none")
    assert policy.is_met(frozenset())
    assert policy.describe() == "none"


def test_a_quorum_may_be_one_witness() -> None:
    policy = parse(*WITNESSES, "quorum X2")

    assert policy.is_met(frozenset({"X2"}))
    assert not policy.is_met(frozenset(NAMES) - {"X2"})
    assert not policy.is_met(frozenset({"none", "nobody"}))


def test_blanks_comments_tabs_and_addresses_are_read() -> None:
    policy = parse(
        "# Who watches us. Ünï¢ödé",
        "  \t ",
        f"\twitness\t wé \t{key_of('w')}   https://witness.example/prefix/ ",
        f" {LOG} http://127.0.0.1:8080",
        "   # indented",
        "quorum wé",
    )

    assert [(each.name, each.url) for each in policy.witnesses] == [
        ("wé", "https://witness.example/prefix/")
    ]
    assert [log.url for log in policy.logs] == ["http://127.0.0.1:8080"]


def test_names_are_octets_and_look_alikes_differ() -> None:
    kelvin = WITNESSES[0].replace("X1", "\u212a", 1)
    policy = parse(kelvin, WITNESSES[1].replace("X2", "K", 1), "quorum K")

    assert not policy.is_met(frozenset({"\u212a"}))
    raw = b"witness \xff\xfe " + key_of("w").encode() + b"\nquorum \xff\xfe\n"
    assert parse_policy(raw, "policy").is_met(frozenset({"\udcff\udcfe"}))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], "policy: there is no quorum line"),
        (WITNESSES, "policy: there is no quorum line"),
        (["quorum"], "policy:1: a quorum line is `quorum <name>|none`"),
        (["quorum none none"], "policy:1: a quorum line is"),
        (["quorum none", "quorum none"], "policy:2: there is a quorum line already"),
        (["quorum X1", WITNESSES[0]], "policy:1: 'X1' is no witness or group defined"),
        (["witness X1", "quorum none"], "policy:1: a witness line is"),
        ([f"{WITNESSES[0]} u u", "quorum none"], "policy:1: a witness line is"),
        (["logs x", "quorum none"], "policy:1: 'logs' begins no line of a policy"),
        (["Quorum none"], "policy:1: 'Quorum' begins no line"),
        ([f"witness none {key_of('w')}", "quorum none"], "policy:1: the name none"),
        ([WITNESSES[0], f"witness X1 {key_of('w')}"], "policy:2: 'X1' is defined"),
        ([WITNESSES[0], "group X1 any X1"], "policy:2: 'X1' is defined already"),
        ([WITNESSES[0], "group g any g"], "policy:2: 'g' is no witness or group"),
        ([WITNESSES[0], "group g any none"], "policy:2: 'none' is no witness or"),
        ([WITNESSES[0], "group g any X1 X1"], "policy:2: 'X1' is a member already"),
        ([WITNESSES[0], "group g any"], "policy:2: a group line is"),
        ([WITNESSES[0], "group g 0 X1"], "policy:2: a group of 1 needs all, any or a"),
        ([WITNESSES[0], "group g 2 X1"], "policy:2: a group of 1 needs all, any or a"),
        ([WITNESSES[0], "group g 01 X1"], "policy:2: a group of 1 needs"),
        ([WITNESSES[0], "group g most X1"], "policy:2: a group of 1 needs"),
        ([WITNESSES[0], "group g 1\u0660 X1"], "policy:2: a group of 1 needs"),
        (["log abc", "quorum none"], "policy:1: not a verifier key: 'abc'"),
        (["witness w a+b+c", "quorum none"], "policy:1: not a verifier key"),
        (
            [f"witness w {KEYS['log_vkey']}", "quorum w"],
            "policy:1: the key of sluicegate.example/acme/churn-model is of type 0x01",
        ),
        ([f"log {key_of('w')}", "quorum none"], "policy:1: the key of w.example is"),
        (
            [f"witness w {format_vkey(VerifierKey('w', 6, bytes(1312)))}", "quorum w"],
            "policy:1: the key of w is of type 0x06; supported here is a cosigner's",
        ),
        (
            [f"witness w {format_vkey(VerifierKey('w', 4, bytes(32)))}", "quorum w"],
            "policy:1: the verifier key",
        ),
        ([LOG, LOG, "quorum none"], "policy:2: the key is that of line 1 already"),
        (
            [WITNESSES[0], WITNESSES[0].replace("X1", "X2", 1), "quorum X1"],
            "policy:2: the key is that of line 1 already",
        ),
        (
            [f"log {key_of('w', ED25519)}", f"witness w {key_of('w')}", "quorum w"],
            "policy:2: the key is that of line 1 already",
        ),
        (
            [f"{WITNESSES[0]} https://me:secret@witness.example", "quorum X1"],
            "policy:1: an address with a login in it",
        ),
        (["quorum none\r"], "policy:1: the character 0x0d is not allowed"),
        (["quorum none\x00"], "policy:1: the character 0x00 is not allowed"),
        (["# bell \x07", "quorum none"], "policy:1: the character 0x07"),
        (["quorum none\x7f"], "policy:1: the character 0x7f is not allowed"),
    ],
)
def test_a_mistake_is_refused_with_its_line(lines: list[str], expected: str) -> None:
    assert problems(*lines)[0].startswith(expected)


def test_no_group_counts_one_witness_twice_through_another_group() -> None:
    lines = [*WITNESSES[:2], "group g any X1 X2", "group h 2 g X1", "quorum h"]

    assert problems(*lines) == [
        "policy:4: 'X1' is a member already, in line 3; each may be one only once"
    ]


def test_all_mistakes_are_told_at_once_and_none_follows_from_another() -> None:
    assert problems("witness w bad", "group g 7 w", "huh", "quorum g") == [
        "policy:1: not a verifier key: 'bad'",
        "policy:2: a group of 1 needs all, any or a number from 1 to 1, not '7'",
        "policy:3: 'huh' begins no line of a policy: log, witness, group, quorum do",
    ]


def test_a_file_that_may_have_been_cut_is_refused() -> None:
    whole = ("\n".join([*WITNESSES, "group X any X1", "quorum X1"])).encode()

    with pytest.raises(UsageError, match=r"policy:8: the last line does not end"):
        parse_policy(whole, "policy")
    with pytest.raises(UsageError, match="is too long"):
        parse_policy(b"#" * MAX_POLICY_BYTES + b"\nquorum none\n", "policy")


def test_a_password_is_not_repeated() -> None:
    lines = [f"{WITNESSES[0]} https://me:hunter2@witness.example", "quorum X1"]

    assert "hunter2" not in "\n".join(problems(*lines))


def test_as_many_logs_witnesses_and_groups_as_recommended_are_read() -> None:
    logs = [f"log {key_of(f'l{n}', ED25519)}" for n in range(40)]
    witnesses = [f"witness w{n} {key_of(f'w{n}')}" for n in range(40)]
    groups = [f"group g{n} any w{n}" for n in range(40)]
    names = " ".join(f"g{n}" for n in range(40))
    policy = parse(*logs, *witnesses, *groups, f"group all all {names}", "quorum all")

    everybody = frozenset(each.name for each in policy.witnesses)
    assert policy.is_met(everybody)
    assert not any(policy.is_met(everybody - {name}) for name in everybody)


def test_a_list_of_witnesses_requires_them_all() -> None:
    witnesses = parse(*WITNESSES[:2], "quorum X1").witnesses
    policy = require_all(witnesses)

    assert policy.is_met(frozenset({"X1", "X2"}))
    assert not policy.is_met(frozenset({"X1"}))
    assert policy.describe() == "2 of X1, X2"


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.lists(st.sampled_from(EXAMPLE)).map(
        lambda lines: ("\n".join(lines) + "\n").encode()
    )
)
@example("\n".join(EXAMPLE).encode())
def test_nothing_but_a_policy_or_the_named_error_comes_out(data: bytes) -> None:
    with suppress(UsageError):
        policy = parse_policy(data, "policy")
        everybody = frozenset(each.name for each in policy.witnesses)
        assert policy.is_met(everybody)
