from pathlib import Path

import pytest

from sluicegate.wiring.github import pin

COMMIT = "5e1f" * 10


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{COMMIT}\n", COMMIT),
        ("v1.0.0\n", None),
        (f"{COMMIT} # v1\n", None),
        (COMMIT[:12], None),
        ("é", None),
        ("", None),
    ],
)
def test_a_release_knows_the_commit_it_was_made_of_and_nothing_else_is_one(
    text: str, found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "COMMIT"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(pin, "_FILE", file)
    assert pin.find_commit() == found


def test_a_work_tree_is_no_release() -> None:
    assert pin.find_commit() is None
