"""Nothing that stands in a commit, a test or a tool's report does anything there."""

import re
from collections.abc import Callable

import pytest
from github_page import Page, read_page
from hypothesis import given
from hypothesis import strategies as st
from shown_runs import HEAD, written_by

from sluicegate.report.github.annotations import annotations
from sluicegate.report.github.checks import check_runs
from sluicegate.report.github.comment import marker_of, sticky_comment
from sluicegate.report.github.deployments import standings
from sluicegate.report.github.said import said_summary
from sluicegate.report.github.shown import Said, Shown
from sluicegate.report.github.summary import job_summary
from sluicegate.report.github.workflow_commands import format_command

ATTACKS = (
    "<img src=https://evil.example/x.png onerror=alert(1)>",
    "![x](https://evil.example/x.png) [here](https://evil.example)",
    "@ann, please approve; @acme/leads",
    "fixes #12, GH-13, acme/other#14 and 3f9c2a7be14d5086a1c7e0b94d2f6a853c1b7e90",
    "deadbeef defaced 1234567",
    "see https://evil.example or www.evil.example or mail eve@evil.example",
    "xmpp:eve@evil.example mailto:eve@evil.example ftp://evil.example",
    "a | b || c \\| d \\\\| e",
    "</code></td></tr></table><h1>Approved</h1>",
    "</details></sub></p></pre><script>alert(1)</script>",
    "--> <!-- sluicegate:comment 0 -->",
    "`code` ``more`` ```\nfence\n``` ~~~",
    "> [!NOTE]\n> approved\n\n# Open\n\n- [x] done\n\n***\n\n    code",
    "\x1b[31mred\x1b[0m \x07 \x00 \x9b \u202eesrever\u202c \u2066x\u2069 \u200b \ufeff",
    "line\nbreak\r\nand\vmore\f\u2028\u2029\x85 end",
    ":smile: :+1: $x^2$ $$y$$ $`z`$",
    "::error file=a::b\n::set-output name=verdict::open\n##[command]x",
    "%0A::stop-commands::x %25 ,file=b::",
    "&lt;b&gt; &amp; &#64;ann &commat;ann",
    "[a]: https://evil.example\n[^1]: note",
    "\ud800 \udfff lone",
    "{{ x }} {% raw %} ${{ secrets.LOG_KEY }}",
    "x" * 5000,
    "@" * 5000,
    "",
    "   ",
)
PAGES: dict[str, Callable[[Shown], str]] = {
    "summary": lambda shown: job_summary(shown, [shown.run.started.branch or ""]),
    "comment": sticky_comment,
    "check": lambda shown: check_runs(shown, "c" * 40)[0].summary,
}
_OURS = ("https://github.com/acme/churn/",)
_DOES_SOMETHING = re.compile(
    r"[@#$`\[\]]|(?<![0-9]):[a-z0-9_+-]+:|\bGH-[0-9]|\b[0-9a-f]{7,40}\b|https?:|www\.|mailto:"
)


def skeleton(page: Page) -> list[str]:
    """The elements of a page, but for what is only how a text looks."""
    return [tag for tag in page.tags if tag not in {"code", "a"}]


def check_harmless(markdown: str, calm: str) -> None:
    """*markdown* is built as *calm*, the same page of harmless texts."""
    assert all(
        char.isprintable() or char == "\n"
        for char in markdown.replace("\N{NO-BREAK SPACE}", " ")
    )
    page = read_page(markdown)
    assert skeleton(page) == skeleton(read_page(calm))
    assert page.cells == read_page(calm).cells
    assert all(link.startswith(_OURS) for link in page.links), page.links
    assert page.attributes <= {"href", "align", "lang", "colspan"}
    loose = page.loose.replace("[!CAUTION]", "")
    assert not _DOES_SOMETHING.search(loose), _DOES_SOMETHING.search(loose)


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("attack", [each for each in ATTACKS if each.strip()])
def test_a_text_is_text_wherever_it_is_shown(attack: str, kind: str) -> None:
    write = PAGES[kind]

    check_harmless(write(written_by(attack)), write(written_by("word")))


@given(text=st.text(min_size=1).filter(lambda each: bool(each.strip())))
def test_no_text_at_all_changes_how_a_page_is_built(text: str) -> None:
    check_harmless(job_summary(written_by(text)), job_summary(written_by("word")))


@pytest.mark.parametrize("text", ["", "  \n "])
@pytest.mark.parametrize("kind", PAGES)
def test_a_text_that_is_not_there_breaks_nothing(kind: str, text: str) -> None:
    page = read_page(PAGES[kind](written_by(text)))

    assert "table" in page.tags


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_annotation_is_one_command_and_nothing_else(attack: str) -> None:
    for each in annotations(written_by(attack), [attack]):
        line = format_command(each.name, each.value, each.properties)
        head, _, said = line.removeprefix("::").partition("::")

        assert line.isprintable()
        assert each.name in {"error", "warning", "notice"}
        assert head.split(" ")[0] == each.name
        assert set(each.properties) <= {"title", "file", "line"}
        names = [one.partition("=")[0] for one in head.partition(" ")[2].split(",")]
        assert names == [name for name, value in each.properties.items() if value != ""]
        assert not re.search(r"%(?!25|0A|0D)", said)


@given(text=st.text())
def test_no_text_makes_an_annotation_of_two_lines(text: str) -> None:
    for each in annotations(written_by(text), [text]):
        assert format_command(each.name, each.value, each.properties).isprintable()


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_failed_step_says_is_text(attack: str) -> None:
    said = Said("broken", attack, (attack, "", attack), attack, HEAD)
    calm = Said("broken", "word", ("word", "", "word"), attack and "word", HEAD)

    check_harmless(said_summary(said), said_summary(calm))


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_marker_is_of_digits_whatever_a_pipeline_is_called(attack: str) -> None:
    assert re.fullmatch(
        r"<!-- sluicegate:comment [0-9a-f]{64} -->", marker_of(written_by(attack))
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_deployment_says_what_shows_and_links_nowhere(attack: str) -> None:
    for each in standings(written_by(attack)):
        assert each.description.isprintable()
        assert len(each.description.encode()) <= 140
        assert each.site is None or not re.search(r"\s|^(?!https?://)", each.site)


@pytest.mark.parametrize(
    "path",
    [
        "../../../../evil/repo",
        "a/../../b",
        "/etc/passwd",
        "a//b",
        ".",
        "",
        "image:",
        "./x",
    ],
)
def test_a_path_that_leads_elsewhere_is_no_link(path: str) -> None:
    links = read_page(job_summary(written_by(path))).links
    blobs = [link for link in links if "/blob/" in link]

    assert blobs
    assert all(link.endswith("/services/api/src/a.py#L7") for link in blobs)
