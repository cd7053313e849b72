"""Canary tokens: planted wherever a run takes texts from, found nowhere in the log.

`test_secrets.py` looks for secrets that the machine knows. Here are credentials that
nobody told Sluicegate of, only their shape does, and the names of the person who runs
it: in an entry they could never be removed again.
"""

import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_project import CliProject

PIPELINE = """\
schema: sluicegate/v1
name: planted_release_v1.0
stages:
  lint: {{uses: ruff}}
  test: {{uses: pytest, coverage: false, needs: []}}
  tell:
    uses: command
    run: sh tell.sh
    needs: []
    evidence:
      file: said.json
      fields: {{said: text, count: integer, api_token: text}}
    gate: ["tell.count == 1", "tell.said != 'nothing'"]
"""
TESTS = """\
import pytest

@pytest.mark.parametrize("it", [1], ids=["{name}"])
def test_it(it: int) -> None:
    raise AssertionError("mark-failed {failure}")
"""
TELL = """\
echo "mark-said {said}"
printf '{{"said": "mark-field {field}", "count": %s, "api_token": "{named}"}}' 2 \\
    > "$SLUICEGATE_OUTPUT/said.json"
"""


def token(kind: str) -> str:
    """A new one of a well-known form, put together so that no scanner minds it."""
    digits = uuid.uuid4().hex + uuid.uuid4().hex
    return {
        "github": "ghp_" + digits[:36],
        "amazon": "AKIA" + digits[:16].upper(),
        "gitlab": "glpat-" + digits[:20],
        "slack": "xoxb-" + digits[:30],
        "stripe": "sk_live_" + digits[:24],
        "named": digits[:20],
    }[kind]


PLACES = {
    "name": "github",
    "failure": "amazon",
    "branch": "gitlab",
    "commit message": "slack",
    "finding": "stripe",
    "said": "github",
    "field": "amazon",
    "named": "named",
    "environment": "named",
    "remote": "named",
    "file name": "gitlab",
}


@dataclass
class Planted:
    """A project that is full of tokens, by the place they are in."""

    project: CliProject
    tokens: Mapping[str, str]

    def found_in(self, where: str, data: bytes) -> list[str]:
        return [
            f"{place} in {where}"
            for place, word in self.tokens.items()
            if word.encode() in data
        ]

    def files(self, *folders: str) -> Iterator[Path]:
        for folder in folders:
            found = (self.project.folder / ".sluicegate" / folder).rglob("*")
            yield from (path for path in found if path.is_file())


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    root = tmp_path_factory.mktemp("planted")
    tokens = {place: token(kind) for place, kind in PLACES.items()}
    odd = f"{tokens['file name']}.py"
    project = CliProject.make(
        root,
        {
            "sluicegate.yaml": PIPELINE.format(**tokens),
            "tests/test_it.py": TESTS.format(**tokens),
            "tell.sh": TELL.format(**tokens),
            odd: f'import os\npassword = "{tokens["finding"]}"\n',
            ".gitignore": ".venv\n__pycache__\n.pytest_cache\n",
        },
    )
    python = project.folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    project.git("checkout", "-q", "-b", f"feature/{tokens['branch']}")
    project.git("remote", "add", "origin", f"https://x:{tokens['remote']}@h.example/a")
    project.commit({"note": "x"}, f"deploy with {tokens['commit message']}")
    project.environ["DEPLOY_TOKEN"] = tokens["environment"]
    done = project.sluice("run", check=1)
    assert "mark-said" in done.stdout, "the stages did not say what they should"
    return Planted(project, tokens)


def test_no_token_is_in_log_journal_or_names_of_evidence(planted: Planted) -> None:
    files = list(planted.files("audit", "journal"))

    assert any("entries" in str(path) for path in files)
    for path in files:
        assert planted.found_in(path.name, path.read_bytes()) == []
    names = [path.name for path in planted.files("evidence")]
    assert planted.found_in("names", "\n".join(names).encode()) == []


def test_what_stands_beside_a_token_is_still_there(planted: Planted) -> None:
    told = {e["stage"]: e for e in planted.project.entries() if "evidence" in e}

    fields = told["tell"]["evidence"]["fields"]
    assert fields["said"] == "mark-field [redacted]"
    assert fields["api_token"] == "[redacted]"  # noqa: S105 - none
    assert fields["count"] == 2
    started = planted.project.entries()[1]
    assert started["branch"] == "feature/[redacted]"
    assert started["source"]["ref"] == "refs/heads/feature/[redacted]"


def test_nobody_is_named(planted: Planted) -> None:
    home = str(planted.project.home).encode()

    for path in planted.files("audit"):
        data = path.read_bytes()
        assert home not in data, path
        assert b"test@example.org" not in data, path


def test_no_token_is_in_an_export(planted: Planted) -> None:
    for form in ("in-toto", "csv"):
        said = planted.project.sluice("audit", "export", "--format", form, check=0)

        assert "[redacted]" in said.stdout
        assert planted.found_in(form, said.stdout.encode()) == []


def test_the_log_is_whole_and_can_be_gone_on_with(planted: Planted) -> None:
    planted.project.sluice("audit", "verify", check=0)
    planted.project.sluice("run", check=1)
    planted.project.sluice("audit", "verify", check=0)


def test_a_label_that_is_a_token_is_refused(planted: Planted) -> None:
    word = token("github")

    done = planted.project.sluice("run", "--label", f"who={word}", check=2)

    assert "looks like a credential" in done.stderr
    assert word not in done.stderr


def test_more_text_than_an_entry_holds_is_cut_and_breaks_no_run(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(60)]
    typed = ", ".join(f"{name}: text" for name in names)
    write = f"import json; print(json.dumps(dict.fromkeys({names}, 'x' * 1000)))"
    project = CliProject.make(
        tmp_path,
        {
            "sluicegate.yaml": "schema: sluicegate/v1\nname: a_b_v1.0\nstages:\n"
            "  make:\n    uses: command\n    run: sh make.sh\n"
            f"    evidence: {{file: said.json, fields: {{{typed}}}}}\n"
            "    gate: [\"make.f1 == 'yes'\"]\n",
            "make.sh": f'{sys.executable} -c "{write}" > $SLUICEGATE_OUTPUT/said.json',
        },
    )

    done = project.sluice("run", check=1)

    assert "closed" in done.stdout
    [ended] = [e for e in project.entries() if e["type"] == "stage.finished"]
    assert ended["outcome"] == "closed"
    fields = ended["evidence"]["fields"]
    assert all(fields[name].endswith(" [cut: 520]") for name in names)
    project.sluice("audit", "verify", check=0)
