import pytest

from sluicegate.adapters.github.names import (
    check_commit,
    check_workflow,
    is_login,
    is_repository,
    quote_path,
)
from sluicegate.errors import UsageError


@pytest.mark.parametrize("name", ["acme/app", "a-b/c.d_e", "a/.github", "A1/..."])
def test_a_repository_is_an_owner_and_a_name(name: str) -> None:
    assert is_repository(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "acme",
        "acme/",
        "/app",
        "a/b/c",
        "a/..",
        "a/.",
        "../a",
        "a/b\n",
        "a/b?c",
        "a/b%2F",
    ],
)
def test_what_leads_elsewhere_is_no_repository(name: str) -> None:
    assert not is_repository(name)


@pytest.mark.parametrize("commit", ["", "main", "a" * 39, "A" * 40, "a" * 40 + "\n"])
def test_only_the_full_name_of_a_commit_is_one(commit: str) -> None:
    with pytest.raises(UsageError, match="full name of a commit"):
        check_commit(commit)


@pytest.mark.parametrize(
    "name", ["", "approve", "../approve.yml", "a/b.yml", ".yml", "x.yml\n", "x.yml?a"]
)
def test_only_the_name_of_a_file_is_a_workflow(name: str) -> None:
    with pytest.raises(UsageError, match="workflow's file"):
        check_workflow(name)


def test_names_that_are_good_are_given_back() -> None:
    assert check_commit("a" * 64) == "a" * 64
    assert check_workflow("approve.yaml") == "approve.yaml"


@pytest.mark.parametrize(
    ("login", "good"),
    [
        ("ann", True),
        ("dependabot[bot]", True),
        ("a/b", False),
        ("..", False),
        ("", False),
    ],
)
def test_a_login_is_one_word(login: str, good: bool) -> None:  # noqa: FBT001 - a column
    assert is_login(login) is good


@pytest.mark.parametrize(
    ("path", "quoted"),
    [
        ("a/b.yml", "a/b.yml"),
        ("a b/?x#y", "a%20b/%3Fx%23y"),
        ("\u00e9%2e", "%C3%A9%252e"),
        ("a/../b", None),
        ("./a", None),
        ("/a", None),
        ("a//b", None),
        ("", None),
        ("a/", None),
    ],
)
def test_a_path_stays_where_it_is(path: str, quoted: str | None) -> None:
    assert quote_path(path) == quoted
