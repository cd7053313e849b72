"""What is generated from the code is committed, and current."""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.config.file import parse_pipeline

ROOT = Path(__file__).parents[2]


def test_the_generated_reference_is_current() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "scripts" / "generate_docs.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert check.stdout + check.stderr == ""
    assert check.returncode == 0


def _examples() -> Iterator[tuple[str, str]]:
    """Whole pipeline files that the documentation and the templates show."""
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        lines = path.read_text("utf-8").splitlines()
        for number, line in enumerate(lines):
            if line.strip() == "schema: sluicegate/v1":
                text = "\n".join(_block(lines[number:]))
                yield f"{path.relative_to(ROOT)}:{number + 1}", text
    for path in sorted((ROOT / "templates").rglob("sluicegate.yaml")):
        yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def _block(lines: Sequence[str]) -> Iterator[str]:
    """The rest of a block of code, without its indentation."""
    indent = len(lines[0]) - len(lines[0].lstrip())
    for line in lines:
        if not line.startswith(" " * indent) or line.startswith("```"):
            return
        yield line[indent:]


EXAMPLES = dict(_examples())


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_a_pipeline_file(name: str) -> None:
    parse_pipeline(EXAMPLES[name].encode(), name)


def test_every_field_of_evidence_is_in_the_reference() -> None:
    """The reference makes stages of every kind; this looks at the code instead."""
    page = (ROOT / "docs" / "reference" / "conditions.md").read_text("utf-8")
    code = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "src" / "sluicegate" / "stages").glob("*.py")
    )

    fields = set(re.findall(r'FieldSpec\(\s*"(\w+)"', code))

    assert len(fields) > 50
    assert [f for f in sorted(fields) if not re.search(rf"`\w+\.{f}`", page)] == []


def test_the_documented_exit_codes_are_the_real_ones() -> None:
    text = (ROOT / "docs" / "exit-codes.md").read_text("utf-8")

    documented = re.findall(r"^\| (\d+) \| (\w+) \|", text, re.MULTILINE)

    assert [(int(code), name) for code, name in documented] == [
        (code.value, code.name.lower()) for code in ExitCode
    ]


@pytest.mark.parametrize(
    "path",
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_links_within_the_repository_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8"))

    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_tests_that_the_threat_model_names_are_there() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text("utf-8")

    named = set(re.findall(r"`((?:tests/[\w/]+/)?test_\w+\.py)`", text))

    assert named
    places = {name: name if "/" in name else f"tests/e2e/{name}" for name in named}
    assert [name for name, path in places.items() if not (ROOT / path).exists()] == []


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    folder = ROOT / "docs"
    index = (folder / "README.md").read_text("utf-8")

    pages = {path.name for path in folder.glob("*.md")} - {"README.md"}
    pages |= {f"reference/{path.name}" for path in folder.glob("reference/*.md")}

    assert pages == set(re.findall(r"\(((?:reference/)?[\w-]+\.md)\)", index))


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text("utf-8")

    decisions = [path.name for path in sorted(folder.glob("[0-9]*.md"))]

    assert re.findall(r"\((\d{4}-[^)]+)\)", index) == decisions
