"""Unit tests of `sluice lock` and `sluice unlock`."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from cli_project import CliProject
from click.testing import CliRunner, Result
from fakes_audit import event_ids, log_envelope
from ssh_people import Person, needs_ssh

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.audit import open_log
from sluicegate.cli import main
from sluicegate.cli.completing import complete_environment

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
environments:
  staging: {target: {uses: docker, port: 8000}}
  production: {target: {uses: docker, port: 8000, publish: 8001}}
stages:
  hello: {uses: command, run: echo hi}
"""
NO_LOCK = "0" * 26


class Place:
    """A project with a log, and the homes of who has the log's key and who has not."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self._monkeypatch = root, monkeypatch
        self.ann = Person.make(root / "keys", "ann")
        files = {
            "sluicegate.yaml": PIPELINE,
            ".github/allowed_signers": self.ann.line(),
        }
        self.folder = CliProject.make(root, files).folder
        monkeypatch.chdir(self.folder)
        self.at_home("recorder")
        audit, ids = self.folder / ".sluicegate/audit", event_ids()
        open_log(
            DirectoryLog(audit),
            KeyDirectory(root / "recorder/config/sluicegate/keys"),
            PinFile(root / "recorder/state/sluicegate/pins", str(audit)),
            wait=lambda _attempt: None,
            origin="log.example/churn",
            envelope=lambda: log_envelope(ids()),
        )

    def at_home(self, name: str) -> None:
        """Be whoever has that home; only the recorder has the log's key."""
        home = self.root / name
        for variable in ("HOME", "USERPROFILE"):
            self._monkeypatch.setenv(variable, str(home))
        self._monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        self._monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))

    @property
    def size(self) -> int:
        """How many entries the log has."""
        checkpoint = self.folder / ".sluicegate/audit/checkpoint"
        return int(checkpoint.read_text().split("\n")[1])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


pytestmark = needs_ssh


def sluice(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, result.output
    return result


def told(*arguments: str, code: int = 0) -> dict[str, Any]:
    """What a command says with ``--json``."""
    document: dict[str, Any] = json.loads(
        sluice(*arguments, "--json", code=code).stdout
    )
    return document


def test_whoever_has_the_key_locks_and_unlocks_at_once(place: Place) -> None:
    locked = told("lock", "production", "--reason", "moving")
    ended = told("unlock", "production", "--reason", "moved")

    assert (locked["locked"], locked["changed"]) == (True, True)
    assert (locked["lock"]["reason"], locked["lock"]["entry"]) == ("moving", 1)
    assert (ended["locked"], ended["changed"]) == (False, True)
    assert ended["lock"] == locked["lock"]
    assert place.size == 3


def test_locking_what_is_locked_says_who_has_and_changes_nothing(place: Place) -> None:
    sluice("lock", "production", "--reason", "moving")

    again = sluice("lock", "production", "--reason", "me, too", code=1)

    assert again.stdout.startswith("production is locked; nothing was changed\n")
    assert "locked by user:" in again.stdout
    assert "    moving\n" in again.stdout
    assert place.size == 2


def test_unlocking_what_is_not_locked_says_so_and_changes_nothing(
    place: Place,
) -> None:
    done = sluice("unlock", "production", "--reason", "moved", code=1)

    assert done.stdout == "production is not locked; nothing was changed\n"
    assert place.size == 1


def test_the_lock_that_is_not_meant_stays(place: Place) -> None:
    lock = told("lock", "production", "--reason", "moving")["lock"]["lock"]
    ending = ("unlock", "production", "--reason", "moved", "--lock")

    assert told(*ending, NO_LOCK, code=1)["lock"]["lock"] == lock
    assert "not the whole id" in sluice(*ending, lock[:9], code=2).output
    assert told(*ending, lock.lower())["changed"] is True
    assert place.size == 3


@pytest.mark.parametrize("command", ["lock", "unlock"])
def test_an_environment_that_nobody_knows_is_refused(
    place: Place, command: str
) -> None:
    done = sluice(command, "prodution", "--reason", "moving", code=2)

    assert "no environment is called 'prodution'" in done.output
    assert "did you mean production?" in done.output
    assert place.size == 1


def test_what_the_log_knows_can_be_locked_though_the_file_is_broken(
    place: Place,
) -> None:
    lock = told("lock", "production", "--reason", "moving")["lock"]
    sluice("unlock", "production", "--reason", "moved")
    (place.folder / "sluicegate.yaml").write_text("environments: {")

    ended = sluice(
        *("unlock", "production", "--reason", "again", "--lock", lock["lock"]),
        *("--log", ".sluicegate/audit"),
        code=1,
    )

    assert ended.stdout == "production is not locked; nothing was changed\n"
    assert place.size == 3


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001])
def test_a_reason_is_given_and_not_too_long(place: Place, reason: str) -> None:
    done = sluice("lock", "production", "--reason", reason, code=2)

    assert "--reason must say why" in done.output
    assert place.size == 1


def test_whoever_has_no_key_of_the_log_signs_and_the_recorder_takes_it_in(
    place: Place,
) -> None:
    place.at_home("laptop")
    signing = ("--sign-with", str(place.ann.key))
    stated = told("lock", "production", "--reason", "moving", *signing)
    assert (stated["locked"], stated["changed"], stated["lock"]) == (False, False, None)
    assert stated["statement"]["key"] == place.ann.fingerprint
    assert place.size == 1

    place.at_home("recorder")
    absorbed = sluice("audit", "absorb")

    assert "lock on production: moving, signed by ann" in absorbed.output
    place.at_home("laptop")
    again = told("lock", "production", "--reason", "me, too", *signing, code=1)
    assert again["lock"]["names"] == ["ann"]
    assert again["lock"]["by"] == f"user:{place.ann.fingerprint}"
    said = sluice("unlock", "production", "--reason", "moved", *signing).stdout
    assert said.startswith("not in force yet: a signed statement waits in ")

    place.at_home("recorder")
    sluice("audit", "absorb")

    assert told("unlock", "production", "--reason", "moved", code=1)["lock"] is None
    assert place.size == 3


def test_a_signed_unlocking_ends_no_lock_that_came_after_it(place: Place) -> None:
    sluice("lock", "production", "--reason", "first")
    stating = ("--to-inbox", "--sign-with", str(place.ann.key))
    sluice("unlock", "production", "--reason", "moved", *stating)
    sluice("unlock", "production", "--reason", "moved")
    second = told("lock", "production", "--reason", "second")["lock"]

    refused = sluice("audit", "absorb", code=1)

    assert "of production is in force" in refused.output
    assert told("lock", "production", "--reason", "third", code=1)["lock"] == second


def test_where_no_log_is_the_lock_to_end_must_be_named(place: Place) -> None:
    signing = ("--sign-with", str(place.ann.key), "--log", "elsewhere")
    ending = ("unlock", "production", "--reason", "moved", *signing)

    assert "the log is not here" in sluice(*ending, code=2).output
    stated = told(*ending, "--lock", NO_LOCK)
    assert (stated["locked"], stated["changed"]) == (None, False)
    assert Path(stated["statement"]["where"]).is_file()


def test_a_key_that_nobody_vouches_for_signs_with_a_warning(place: Place) -> None:
    eve = Person.make(place.root / "keys", "eve")

    done = sluice(
        *("lock", "production", "--reason", "moving"),
        *("--to-inbox", "--sign-with", str(eve.key)),
    )

    assert f"{eve.fingerprint} is not in " in done.stderr


def test_the_shell_completes_environments(place: Place) -> None:
    context = click.Context(main)

    assert complete_environment(context, click.Option(["-x"]), "") == [
        "staging",
        "production",
    ]
    assert complete_environment(context, click.Option(["-x"]), "p") == ["production"]
    (place.folder / "sluicegate.yaml").write_text("environments: {")
    assert complete_environment(context, click.Option(["-x"]), "") == []
