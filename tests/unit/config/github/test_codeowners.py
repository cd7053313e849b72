import pytest

from sluicegate.config.github.codeowners import owners_of, parse_codeowners

# The example of GitHub's "About code owners".
EXAMPLE = """\
# Comment
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
"""


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("README", "@global-owner1"),
        ("a/b/c.js", "@js-owner"),
        ("x.go", "docs@example.com"),
        ("build/logs/a/b", "@octocat"),  # **/logs comes later
        ("docs/a/b", "@doctocat"),
        ("apps/x", "@octocat"),
        ("src/apps/x", "@octocat"),
        ("scripts/a", "@doctocat"),
        ("deeply/nested/logs/x", "@octocat"),
        ("apps/github/x", None),
        ("apps/githubber", "@octocat"),
    ],
)
def test_the_example_of_the_documentation_is_understood(
    path: str, owner: str | None
) -> None:
    found = owners_of(parse_codeowners(EXAMPLE), path)

    assert (found[0] if found else None) == owner


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("docs/*", "docs/getting-started.md", True),
        ("docs/*", "docs/build-app/troubleshooting.md", False),
        ("/.github/", ".github/workflows/a.yml", True),
        (".github/workflows/", ".github/workflows/a.yml", True),
        ("workflows/", ".github/workflows/a.yml", True),
        ("/workflows/", ".github/workflows/a.yml", False),
        (".github/workflows/**", ".github/workflows/x/a.yml", True),
        ("my\\ file", "my file", True),
        ("CODEOWNERS", ".github/CODEOWNERS", True),
    ],
)
def test_patterns_are_those_of_gitignore(
    pattern: str, path: str, *, expected: bool
) -> None:
    assert bool(owners_of(parse_codeowners(f"{pattern} @a"), path)) is expected


def test_the_last_line_that_matches_decides() -> None:
    rules = parse_codeowners("* @a\n\n  # no\n*.yaml\n")

    assert owners_of(rules, "a.yaml") == ()
    assert [rule.line for rule in rules] == [1, 4]
