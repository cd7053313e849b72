"""Unit tests of `sluicegate.cli.audit`: the commands on a real log in a folder."""

import json
import shutil
from pathlib import Path

import pytest
from audit_writer import new_id
from click.testing import CliRunner, Result
from fakes import FakeClock
from fakes_audit import FACTS, log_envelope

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.adapters.stores.journal import FileJournal
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.audit import open_log
from sluicegate.audit.envelope import Envelope
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import encode
from sluicegate.audit.recorder import Recorder
from sluicegate.cli import main
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    RunInterrupted,
    RunStarted,
    StageFinished,
    StageStarted,
    WeightRequested,
)
from sluicegate.model.evidence import Evidence, EvidenceFile

CLOCK = FakeClock()
RUNS = ("01JDA2Z9M3Q4T5V6W7X8Y9Z0AA", "01JDA2Z9M3Q4T5V6W7X8Y9Z0BB")
REPORT = b"<testsuite/>"
NEXT = encode(
    Envelope(new_id(), RUNS[0], 4, CLOCK.now(), FACTS.source, FACTS.actor, FACTS.tool),
    RunInterrupted(None),
)


class Place:
    """A project folder with a log of two runs, and this user's home."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.folder = root / "project"
        self.state = self.folder / ".sluicegate"
        self.audit = self.state / "audit"
        self.folder.mkdir()

    def log(self) -> AuditLog:
        store = DirectoryLog(self.audit)
        return open_log(
            store,
            KeyDirectory(self.home / "config/sluicegate/keys"),
            PinFile(self.home / "state/sluicegate/pins", str(self.audit)),
            wait=lambda _attempt: None,
            origin="log.example/churn",
            envelope=log_envelope,
        )

    def record(self) -> None:
        log = self.log()
        digest = EvidenceDirectory(self.state / "evidence").keep(REPORT)
        file = EvidenceFile("junit.xml", "application/xml", len(REPORT), digest)
        for run_id in RUNS:
            recorder = Recorder(
                log,
                FileJournal(self.state / "journal", run_id),
                run_id,
                clock=CLOCK,
                new_event_id=new_id,
                facts=FACTS,
            )
            recorder.record(
                RunStarted(
                    pipeline="churn_release_v1.0",
                    definition=Digest.of(b""),
                    commit="a" * 40,
                    branch="\x1b[31mmain\u202e",
                    dirty=False,
                    stages=(),
                    start_ts=CLOCK.now(),
                )
            )
            recorder.note(StageStarted("test", 1, CLOCK.now()))
            recorder.note(
                StageFinished(
                    stage="test",
                    attempt=1,
                    outcome=Outcome.BROKEN,
                    reason="pytest crashed",
                    gate=None,
                    evidence=Evidence({"failed": 0}, (file,)),
                    tools=(),
                    subjects=(),
                    usage=ResourceUsage(1500),
                    start_ts=CLOCK.now(),
                    end_ts=CLOCK.now(),
                )
            )
            recorder.record(WeightRequested("canary", 5))
            recorder.close()

    @property
    def key_file(self) -> Path:
        (path,) = (self.home / "config/sluicegate/keys").iterdir()
        return path

    def vkey(self) -> str:
        signer = KeyDirectory(self.key_file.parent).find("log.example/churn")
        assert signer is not None
        return signer.vkey()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.home / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(place.home / "state"))
    monkeypatch.chdir(place.folder)
    return place


def sluice(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments])


def test_the_log_is_shown_oldest_first_and_harmless(place: Place) -> None:
    place.record()

    done = sluice("log")

    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 9
    assert "log of log.example/churn begun, kept for 400 days" in lines[0]
    assert "X8Y9Z0AA  churn_release_v1.0 · commit aaaaaaaaaaaa" in lines[1]
    assert "\\x1b[31mmain\\u202e" in lines[1]
    assert "test: broken in 1.5 s: pytest crashed" in lines[3]
    assert lines[4].endswith("canary: about to set 5 % of the traffic")
    assert all(line.isprintable() for line in lines)
    assert f"verified with this machine's key file {place.key_file}" in done.stderr


@pytest.mark.parametrize("run_id", [RUNS[1], "Y9Z0BB", "y9z0bb"])
def test_one_run_is_shown_by_its_id_or_the_end_of_it(place: Place, run_id: str) -> None:
    place.record()

    done = sluice("log", "--run", run_id, "--json")

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["index"] for line in lines] == [5, 6, 7, 8]
    assert {line["entry"]["run_id"] for line in lines} == {RUNS[1]}
    assert lines[0]["entry"]["branch"] == "\x1b[31mmain\u202e"


@pytest.mark.parametrize(
    ("run_id", "count"), [("XX", "no"), ("", "no"), ("01jda", "2")]
)
def test_a_run_that_is_not_one_is_refused(
    place: Place, run_id: str, count: str
) -> None:
    place.record()

    done = sluice("log", "--run", run_id)

    assert done.exit_code == 2
    assert f"{count} runs in the log begin or end with" in done.stderr


def test_a_folder_without_a_log_names_the_one_above(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.record()
    below = place.folder / "src"
    below.mkdir()
    monkeypatch.chdir(below)

    done = sluice("log")

    assert done.exit_code == 2
    assert f"the one of {place.folder} is meant?" in done.stderr


def test_a_folder_without_a_log_says_what_begins_one(place: Place) -> None:
    done = sluice("log")

    assert done.exit_code == 2
    assert "there is no log in .sluicegate/audit" in done.stderr
    assert "sluice run" in done.stderr
    assert not place.state.exists()


def test_a_log_that_is_gone_is_tampered_with(place: Place) -> None:
    place.record()
    shutil.rmtree(place.audit)

    for command in ("log", "verify"):
        done = sluice(command)
        assert done.exit_code == 5
        assert "the log is gone: it had 9 entries" in done.output
        assert str(place.home / "state/sluicegate/pins") in done.output
        assert "never" not in done.output

    document = json.loads(sluice("verify", "--json").stdout)
    assert (document["seen"], document["evidence_files"]) == (9, None)
    assert document["key"] == place.vkey()


def test_a_damaged_checkpoint_is_named_and_what_was_seen_is_kept(place: Place) -> None:
    place.record()
    checkpoint = place.audit / "checkpoint"
    checkpoint.write_bytes(b"\xff" + checkpoint.read_bytes()[1:])

    done = sluice("verify")

    assert done.exit_code == 5
    assert "not UTF-8 text: byte 0xff at offset 0" in done.stdout
    assert "before on this machine, with 9 entries" in done.stdout
    assert "agree" not in done.stdout


def test_a_sound_log_verifies_and_says_whose_key_that_was(place: Place) -> None:
    place.record()

    done = sluice("verify")

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("✓ the log of log.example/churn")
    assert f"from this machine's key file {place.key_file}" in done.stdout
    assert "before on this machine, with 9 entries" in done.stdout
    assert "1 file agrees" in done.stdout


def test_json_is_one_document(place: Place) -> None:
    place.record()

    done = sluice("verify", "--json", "--key", place.vkey())

    document = json.loads(done.stdout)
    assert (done.exit_code, document["ok"], document["problems"]) == (0, True, [])
    assert (document["origin"], document["size"]) == ("log.example/churn", 9)
    assert document["root"] in (place.audit / "checkpoint").read_text()
    assert document["key_source"] == "the key given with --key"
    assert document["evidence_files"] == 1


def test_a_copy_on_another_machine_says_that_it_vouches_for_itself(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.record()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.home / "elsewhere"))
    monkeypatch.setenv("XDG_STATE_HOME", str(place.home / "elsewhere"))
    copy = place.folder / "copy"
    shutil.copytree(place.state, copy)

    done = sluice("verify", "--log", str(copy / "audit"))

    assert done.exit_code == 0, done.output
    assert "trust on first use: proves consistency, not origin" in done.stdout
    assert "never before on this machine" in done.stdout


def test_a_changed_byte_is_found_and_named(place: Place) -> None:
    place.record()
    bundle = place.audit / "tile/entries/000.p/9"
    bundle.write_bytes(bundle.read_bytes().replace(b"crashed", b"crushed", 1))

    done = sluice("verify", "--json")

    document = json.loads(done.stdout)
    assert (done.exit_code, document["ok"]) == (5, False)
    assert document["problems"] == [
        "tile/entries/000.p/9: entry 3 is not what was committed"
    ]


def roll_back(place: Place) -> None:
    """Let the log grow, then put the older state back in its place."""
    place.record()
    shutil.copytree(place.state, place.folder / "old")
    place.record()
    shutil.rmtree(place.state)
    (place.folder / "old").rename(place.state)


@pytest.mark.parametrize("command", ["verify", "log"])
@pytest.mark.parametrize(
    "spelling",
    [
        ".sluicegate/audit",
        "sub/../.sluicegate/audit",
        "link/.sluicegate/audit",
        "sub/../link/.sluicegate/../.sluicegate/audit/",
    ],
)
def test_a_rolled_back_log_is_found_however_its_folder_is_spelt(
    place: Place, command: str, spelling: str
) -> None:
    roll_back(place)
    (place.folder / "sub").mkdir()
    (place.folder / "link").symlink_to(place.folder)

    done = sluice(command, "--log", spelling)

    assert done.exit_code == 5
    assert "the log was rolled back: it had 17 entries, now 9" in done.output
    assert "Restore the log from its newest copy" in done.output


@pytest.mark.parametrize("command", ["verify", "log"])
def test_an_older_copy_is_refused_in_any_folder(place: Place, command: str) -> None:
    place.record()
    shutil.copytree(place.state, place.folder / "old")
    place.log().append([NEXT])

    done = sluice(command, "--log", "old/audit")

    assert done.exit_code == 5
    assert "it had 10 entries, now 9" in done.output
    assert "use the log where it went on" in done.output


@pytest.mark.parametrize("command", ["verify", "log"])
def test_a_log_moved_or_restored_as_it_last_was_is_fine(
    place: Place, command: str
) -> None:
    place.record()
    shutil.copytree(place.state, place.folder / "copy")
    place.state.rename(place.folder / "moved")

    for folder in ("copy", "moved"):
        assert sluice(command, "--log", f"{folder}/audit").exit_code == 0
    (place.folder / "copy").rename(place.state)
    assert sluice(command).exit_code == 0


def test_the_evidence_is_beside_the_log_however_its_folder_is_spelt(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.record()
    monkeypatch.chdir(place.audit / "tile")

    done = sluice("verify", "--log", "..")

    assert done.exit_code == 0, done.output
    assert "1 file agrees" in done.stdout


def test_missing_evidence_is_found_unless_it_is_not_asked_for(place: Place) -> None:
    place.record()
    shutil.rmtree(place.state / "evidence")

    done = sluice("verify", "--json")
    assert done.exit_code == 5
    assert "junit.xml" in json.loads(done.stdout)["problems"][0]

    assert sluice("verify", "--no-evidence").exit_code == 0


def test_evidence_elsewhere_is_found_there(place: Place) -> None:
    place.record()
    (place.state / "evidence").rename(place.folder / "kept")

    assert sluice("verify", "--evidence", "kept").exit_code == 0


def test_a_key_that_is_none_is_a_usage_error(place: Place) -> None:
    place.record()

    for command in ("verify", "log"):
        done = sluice(command, "--key", "nonsense")
        assert done.exit_code == 2
        assert "not a verifier key" in done.stderr


def test_verifying_nothing_is_no_success(place: Place) -> None:
    done = sluice("verify", "--json", "--log", str(place.folder))

    assert done.exit_code == 5
    document = json.loads(done.stdout)
    assert not document["ok"]
    assert "name the log with --log" in document["problems"][0]


def test_nothing_is_written_by_looking(place: Place) -> None:
    place.record()
    before = {path: path.stat().st_mtime_ns for path in place.folder.rglob("*")}

    sluice("log")
    sluice("verify")

    after = {path: path.stat().st_mtime_ns for path in place.folder.rglob("*")}
    assert after == before
