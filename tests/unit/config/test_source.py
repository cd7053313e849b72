"""Unit tests of `sluicegate.config.source`."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.source import parse_source
from sluicegate.config.tree import Entry, Items, Leaf, Scalar, Table
from sluicegate.errors import PipelineFileError

NO_KEYS = "s.yaml:1: the file must hold keys, starting with schema: sluicegate/v1"
UNCLOSED = "not YAML: found unexpected end of stream (while scanning a quoted scalar)"
COLON = (
    "not YAML: mapping values are not allowed in this context; "
    "text that holds ': ' needs quotes"
)
SURROGATE = (
    "not YAML: found invalid Unicode character escape code "
    "(while parsing a quoted scalar)"
)


def problems(data: bytes) -> tuple[str, ...]:
    with pytest.raises(PipelineFileError) as refused:
        parse_source(data, "s.yaml")
    return refused.value.problems


def value(text: str) -> Scalar:
    node = parse_source(f"key: {text}\n".encode(), "s.yaml").entries["key"].node
    assert isinstance(node, Leaf)
    return node.value


def test_every_node_knows_its_line() -> None:
    data = b"# comment\na:\n  - 1\n  -\n    b: x\nc: {d: [2]}\n"

    assert parse_source(data, "s.yaml") == Table(
        2,
        {
            "a": Entry(
                2,
                Items(
                    3, (Leaf(3, 1), Table(5, {"b": Entry(5, Leaf(5, "x"))}))
                ),
            ),
            "c": Entry(6, Table(6, {"d": Entry(6, Items(6, (Leaf(6, 2),)))})),
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5),
        ("-7", -7),
        ("+7", 7),
        ("0", 0),
        ("9007199254740991", 2**53 - 1),
        ("0.80", 0.8),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
    ],
)
def test_plain_words_are_what_yaml_1_2_says(text: str, expected: Scalar) -> None:
    found = value(text)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "text",
    ["on", "off", "yes", "No", "y", "1:30", "2026-11-22", "0x10", "1_000", ".nan",
     "-.inf", "v1.0", "400d", "=", "<<", "1.2.3"],
)  # fmt: skip
def test_the_surprises_of_yaml_1_1_are_text(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize("text", ["'5'", '"true"', "'~'", '"0.5"', "'010'"])
def test_quotes_make_text(text: str) -> None:
    assert value(text) == text[1:-1]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", (NO_KEYS,)),
        (b"- a\n", (NO_KEYS,)),
        (b"a: 1\nb: {c: 1, c: 2}\na: 3\n",
         ("s.yaml:2: key 'c' is already given in line 2",
          "s.yaml:3: key 'a' is already given in line 1")),
        (b"a: &x 1\nb: *x\nc: !!str 1\nd: !python/object:os.system x\n",
         ("s.yaml:1: anchors (&name) are not supported",
          "s.yaml:2: aliases (*name) are not supported: write it out",
          "s.yaml:3: tags (!name) are not supported",
          "s.yaml:4: tags (!name) are not supported")),
        (b"? [a]\n: 1\n", ("s.yaml:1: a key must be one word",)),
        (b"a: 010\n", ('s.yaml:1: write 010 without leading zeros, or as "010"',)),
        (b"a: 9007199254740992\n", ("s.yaml:1: the number is too large",)),
        (b"a: " + b"9" * 5000, ("s.yaml:1: the number is too large",)),
        (b"a: 1e999\n", ("s.yaml:1: the number is too large",)),
        (b"a: 1\n---\nb: 2\n", ("s.yaml:2: a second document (---) is not supported",)),
        (b"a:\n\tb: 1\n", ("s.yaml:2: a tab indents this line; YAML wants spaces",)),
        (b"a: 1\nb: \xff\n", ("s.yaml:2: the file is not UTF-8",)),
        ("a: 1".encode("utf-16"), ("s.yaml:1: the file is not UTF-8",)),
        (b"a: 1\nb: \x07\n", ("s.yaml:2: holds a control character",)),
        (b"a: 'x\nb: 1\n",
         (f"s.yaml:1: {UNCLOSED}",)),
        (b"a: 1\nb: c: d\n",
         (f"s.yaml:2: {COLON}",)),
        (b'a: "\\ud800"\n',
         (f"s.yaml:1: {SURROGATE}",)),
        (b"a: " + b"[" * 30 + b"]" * 30, ("s.yaml:1: nested deeper than 20 levels",)),
        (b"#" * (1 << 20) + b"\n", ("s.yaml:1: the file is larger than 1 MiB",)),
        (b"a: 010\nb: 'x\n",
         ('s.yaml:1: write 010 without leading zeros, or as "010"',
          f"s.yaml:2: {UNCLOSED}")),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_line(
    data: bytes, expected: tuple[str, ...]
) -> None:
    assert problems(data) == expected


def test_a_bomb_of_aliases_is_not_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]"
        for level in range(1, 30)
    ]

    found = problems("\n".join(lines).encode())

    assert len(found) == 101
    assert found[-1].endswith("there is more, but this is enough for one look")


@pytest.mark.parametrize("unit", [b"[", b"{", b"- ", b"? ", b"a: ", b"[a, ", b"!a "])
def test_nesting_without_end_is_refused(unit: bytes) -> None:
    assert len(problems(unit * ((1 << 20) // len(unit)))) <= 21


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert list(parse_source(b"\xef\xbb\xbfa: 1\n", "s.yaml").entries) == ["a"]


@given(st.binary(max_size=60) | st.text("ab:-?[]{}&*!|>'\"#% \t\n0159.e~", max_size=60)
       .map(str.encode))  # fmt: skip
def test_no_bytes_raise_anything_but_the_error_that_is_named(data: bytes) -> None:
    with suppress(PipelineFileError):
        parse_source(data, "s.yaml")
