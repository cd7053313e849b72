"""Unit tests of `sluicegate.cli.run`: options that do not go together."""

import pytest
from click.testing import CliRunner

from sluicegate.cli import main


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--no-record", "--wait"), "enters no environment"),
        (("--no-record", "--detach"), "enters no environment"),
        (("--no-record", "--override", "now"), "enters no environment"),
        (("--handed-over", "/nowhere"), "not a hand-over"),
        (("--handed-over", "=sha256:" + "a" * 64), "not a hand-over"),
        (("--handed-over", "/nowhere=sha256:" + "A" * 64), "not a hand-over"),
        (("--handed-over", "/nowhere=sha512:" + "a" * 128), "not a hand-over"),
    ],
)
def test_a_call_that_means_nothing_is_refused(
    options: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)

    done = CliRunner().invoke(main, ["run", *options])

    assert done.exit_code == 2
    assert words in done.stderr
