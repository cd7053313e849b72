"""Commits, files and rules at the fake GitHub."""

from base64 import b64decode
from collections.abc import Iterator

import pytest
from fake_github import FakeGitHub, serve
from github_client import Client
from github_shop import build_shop


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with serve(build_shop()) as running:
        yield running


def test_history_is_followed(github: FakeGitHub) -> None:
    state = github.state
    first = state.repository.branches["main"]
    second = state.add_commit({"c.txt": b"c"})
    aside = state.add_commit({"d.txt": b"d"}, branch="topic", parents=[first])
    client = Client(github)

    def status(both: str) -> str:
        word: str = client.get(f"compare/{both}")["status"]
        return word

    assert status(f"{first}...main") == "ahead"
    assert status(f"main...{first}") == "behind"
    assert status(f"main...{second}") == "identical"
    assert status(f"{aside}...main") == "diverged"
    assert client.ask("GET", "compare/main...gone").status_code == 404
    assert [c["sha"] for c in client.get("commits")] == [second, first]


def test_a_file_is_that_of_the_commit(github: FakeGitHub) -> None:
    first = github.state.repository.branches["main"]
    github.state.add_commit({"a.txt": b"other", "big": bytes(1024 * 1024 + 1)})
    client = Client(github)

    old = client.get(f"contents/a.txt?ref={first}")
    assert b64decode(old["content"]) == b"a"
    assert b64decode(client.get("contents/a.txt")["content"]) == b"other"
    assert client.ask("GET", "contents/big?ref=" + first).status_code == 404
    assert client.get("contents/big")["encoding"] == "none"
    raw = client.ask("GET", "contents/big", Accept="application/vnd.github.raw+json")
    assert len(raw.content) == 1024 * 1024 + 1
    listed = client.get("contents/")
    kinds = {each["name"]: each["type"] for each in listed}
    assert kinds == {".github": "dir", "a.txt": "file", "big": "file", "src": "dir"}


def test_an_account_is_found_by_its_address_alone(github: FakeGitHub) -> None:
    known = github.state.add_commit({"e": b""}, author="bob@example.com")
    unknown = github.state.add_commit({"f": b""}, author="who@example.org")
    client = Client(github)

    assert client.get(f"commits/{known}")["author"]["login"] == "bob"
    assert client.get(f"commits/{unknown}")["author"] is None


def test_rulesets_stand_on_the_branches_they_name(github: FakeGitHub) -> None:
    client = Client(github, "ghp_ann")
    names = {"include": ["refs/heads/audit*"], "exclude": ["refs/heads/audit-x"]}
    made = client.post(
        "rulesets",
        {
            "name": "log",
            "target": "branch",
            "enforcement": "active",
            "conditions": {"ref_name": names},
            "rules": [{"type": "deletion"}, {"type": "non_fast_forward"}],
            "bypass_actors": [
                {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}
            ],
        },
    )
    number = made.json()["id"]

    rules = client.get("rules/branches/audit")
    assert [rule["type"] for rule in rules] == ["deletion", "non_fast_forward"]
    assert client.get("rules/branches/audit-x") == []
    assert "bypass_actors" in client.get(f"rulesets/{number}")
    assert "bypass_actors" not in Client(github).get(f"rulesets/{number}")
