"""Unit tests of `sluicegate.stages.trivy_ignore_file`."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import PermanentError
from sluicegate.stages.trivy_ignore import Entry
from sluicegate.stages.trivy_ignore_file import LONGEST, read_ignore_file

TODAY = date(2026, 3, 1)
GOOD = "- {id: CVE-1, reason: r, expires: 2026-04-01}\n"


def read(text: str | bytes) -> tuple[Entry, ...]:
    data = text.encode() if isinstance(text, str) else text
    return read_ignore_file(data, "i.yaml", TODAY)


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(PermanentError) as caught:
        read(text)
    assert caught.value.hint is not None
    return str(caught.value).split(";\n")


def test_entries_are_read_with_their_lines() -> None:
    assert read(
        "# accepted\n"
        "- id: CVE-2020-14343\n"
        "  package: PyYAML\n"
        '  paths: ["services/*", app/x.py]\n'
        "  reason: >\n"
        "    loads nothing\n"
        "    from outside\n"
        "  expires: 2026-12-31\n" + GOOD
    ) == (
        Entry(
            "CVE-2020-14343",
            "loads nothing from outside",
            date(2026, 12, 31),
            2,
            "PyYAML",
            ("services/*", "app/x.py"),
        ),
        Entry("CVE-1", "r", date(2026, 4, 1), 9),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "[]", "---\n", "~"])
def test_an_empty_file_accepts_nothing(text: str) -> None:
    assert read(text) == ()


def test_an_entry_may_have_expired_but_not_be_for_good() -> None:
    def ending(day: date) -> str:
        return f"- {{id: A, reason: r, expires: {day}}}"

    assert read(ending(TODAY - timedelta(days=900)))[0].expires < TODAY
    assert read(ending(TODAY + LONGEST))
    assert problems(ending(TODAY + LONGEST + timedelta(days=1))) == [
        "i.yaml:1: 'expires' must be at most a year ahead, 2027-03-02 at the latest"
    ]


def test_every_mistake_is_said_at_once() -> None:
    assert problems(
        "- id: CVE-*\n"
        "  reason: ''\n"
        "  expires: tomorrow\n"
        "- id: A\n"
        "  reasn: x\n"
        "  expires: 2026-02-31\n"
        "- just text\n"
        "- {id: B, id: C, reason: [x], expires: 20260401, paths: x}\n"
        "- {id: D, reason: r, expires: 2026-04-01, paths: [], package: ~}\n"
    ) == [
        "i.yaml:1: 'id' must be one ID, without wildcards",
        "i.yaml:2: 'reason' must not be empty",
        "i.yaml:3: 'expires' must be a day, like 2027-03-01",
        "i.yaml:4: 'reason' is missing",
        ("i.yaml:5: unknown key 'reasn' (one of id, package, paths, reason, expires)"),
        "i.yaml:6: 'expires' must be a day, like 2027-03-01",
        "i.yaml:7: an entry must hold keys: id, reason, expires",
        "i.yaml:8: 'expires' must be a day, like 2027-03-01",
        "i.yaml:8: 'id' is given twice",
        "i.yaml:8: 'paths' must be a list of paths",
        "i.yaml:8: 'reason' must be text",
        "i.yaml:9: 'package' must not be empty",
        "i.yaml:9: 'paths' must be a list of paths",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- {id: A\n", "i.yaml:2: not YAML: did not find expected ',' or '}'"),
        ("id: A\n", "i.yaml:1: the file must be a list of entries (- id: ...)"),
        ("just text", "i.yaml:1: the file must be a list of entries (- id: ...)"),
        (b"# ok\n- \xff", "i.yaml:2: the file is not UTF-8"),
        (GOOD + GOOD, "i.yaml:2: the same as the entry in line 1"),
        (
            '- {id: A, reason: "a\\e[31m", expires: 2026-04-01}',
            "i.yaml:1: 'reason' holds a control character",
        ),
        (
            f"- {{id: A, reason: {'x' * 501}, expires: 2026-04-01}}",
            "i.yaml:1: 'reason' is longer than 500 characters",
        ),
    ],
)
def test_what_cannot_be_read_is_said(text: str | bytes, problem: str) -> None:
    assert problems(text) == [problem]


def test_a_file_full_of_mistakes_does_not_fill_the_screen() -> None:
    said = problems("- x\n" * 80)

    assert len(said) == 51
    assert said[-1] == "... and 30 more"


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_raise_anything_but_our_error(data: bytes) -> None:
    with suppress(PermanentError):
        read(data)


YAML = st.text(alphabet="- {}[]:,'\"#&*!|>?~\nidreasonexp2026-0", max_size=60)


@given(YAML)
def test_nothing_like_yaml_raises_anything_but_our_error(text: str) -> None:
    with suppress(PermanentError):
        read(text)
