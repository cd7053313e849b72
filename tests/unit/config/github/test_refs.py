import pytest

from sluicegate.config.github.refs import matches, may_meet


@pytest.mark.parametrize(
    ("pattern", "ref", "expected"),
    [
        # The examples of GitHub's "Managing environments for deployment".
        ("release/*", "release/1", True),
        ("release/*", "release/1/a", False),
        ("release/*/*", "release/1/a", True),
        ("*", "main", True),
        ("*", "a/b", False),
        ("**/*", "a/b", True),
        ("**/*", "main", True),
        ("v?", "v1", True),
        ("v[0-9]", "v7", True),
        ("v[!0-9]", "v7", False),
        ("v[", "v[", True),
        ("v[z-a]", "v[z-a]", True),
        ("a.b", "axb", False),
        ("main", "main2", False),
    ],
)
def test_patterns_match_as_file_fnmatch_does(
    pattern: str, ref: str, *, expected: bool
) -> None:
    assert matches(pattern, ref) is expected


def test_two_patterns_are_given_the_benefit_of_doubt() -> None:
    assert may_meet("release/*", "*/1")
    assert may_meet("main", "m*")
    assert may_meet("m*", "main")
    assert not may_meet("main", "release/*")
