"""Unit tests of `sluice audit log` and `show`: questions, forms, hostile entries."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from fakes_audit import FACTS, FakeSigner, event_ids, log_envelope
from run_events import end, started

from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.audit.envelope import Actor, Envelope, Source
from sluicegate.audit.jcs import format_json
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import encode, encode_log
from sluicegate.cli import main
from sluicegate.cli.audit.moments import parse_moment
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CanaryJudged,
    ConditionResult,
    Event,
    GateRecord,
    PublishRequested,
    RolloutFinished,
    RolloutStarted,
    RunFinished,
    RunInterrupted,
    StageFinished,
    StageSkipped,
)
from sluicegate.model.evidence import Evidence, EvidenceFile
from sluicegate.model.log_event import LeaseTaken
from sluicegate.model.rollout import CanaryVerdict, Release, RolloutResult
from sluicegate.model.tool import Tool
from sluicegate.report.escape import escape
from sluicegate.wiring import searching

HOSTILE = "\x1b[2J\r\n\u202e=1+1|`<img src=x>[a](http://b)@acme\u2028\x00"
RUNS = ("01JDA2Z9M3Q4T5V6W7X8Y9Z0AA", "01JDA2Z9M3Q4T5V6W7X8Y9Z0BB")
COMMITS = ("a" * 40, "b" * 40)
IMAGE = Digest.parse("sha256:" + "cd" * 32)
REPORT = Digest.parse("sha256:" + "ef" * 32)
MORNING = datetime(2026, 11, 20, 8, tzinfo=UTC)


def hostile_events() -> Iterator[Event]:
    """Events with hostile text wherever there is any text."""
    release = Release(IMAGE, HOSTILE, HOSTILE, HOSTILE)
    yield started(pipeline=HOSTILE, branch=HOSTILE, selection=HOSTILE)
    yield StageFinished(
        stage=HOSTILE,
        attempt=1,
        outcome=Outcome.CLOSED,
        reason=HOSTILE,
        gate=GateRecord(
            REPORT, Verdict.CLOSED, (ConditionResult(HOSTILE, Verdict.CLOSED, HOSTILE),)
        ),
        evidence=Evidence(
            {HOSTILE.encode("ascii", "replace").decode(): HOSTILE, "share": 0.25},
            (EvidenceFile(HOSTILE, HOSTILE, 7, REPORT),),
        ),
        tools=(Tool(HOSTILE, (HOSTILE,), HOSTILE, None, HOSTILE),),
        subjects=((HOSTILE, IMAGE),),
        usage=end("x").usage,
        start_ts=MORNING,
        end_ts=MORNING,
    )
    yield StageSkipped(HOSTILE, HOSTILE, HOSTILE)
    yield PublishRequested(HOSTILE, IMAGE, (HOSTILE,), (HOSTILE,))
    yield RolloutStarted(HOSTILE, HOSTILE, release, release, MORNING)
    yield CanaryJudged(HOSTILE, CanaryVerdict.ABORT, HOSTILE, HOSTILE)
    yield RolloutFinished(HOSTILE, RolloutResult.ROLLED_BACK, HOSTILE, MORNING)
    yield RunInterrupted(HOSTILE)
    yield RunFinished(Outcome.CLOSED, HOSTILE, MORNING, MORNING, 1)


def tame_events() -> Iterator[Event]:
    file = EvidenceFile("scan.sarif", "application/sarif+json", 48211, REPORT)
    yield started()
    yield end("scan", evidence=Evidence({"scan.critical": 0}, (file,)))
    yield RunFinished(Outcome.OPEN, "all open", MORNING, MORNING, 1)


IDS = event_ids()


def entries() -> Iterator[bytes]:
    """A tame run, a hostile one, an event of the log, one of a type to come."""
    for number, events in enumerate((tame_events(), hostile_events())):
        source = Source(
            "acme/churn" if not number else HOSTILE, f"sha1:{COMMITS[number]}"
        )
        actor = Actor("user", ("1000", HOSTILE)[number])
        for seq, event in enumerate(events):
            at = MORNING + timedelta(days=number, minutes=seq)
            envelope = Envelope(IDS(), RUNS[number], seq, at, source, actor, FACTS.tool)
            yield encode(envelope, event)
    yield encode_log(
        log_envelope(IDS()), LeaseTaken(HOSTILE, HOSTILE, MORNING + timedelta(days=9))
    )
    yield format_json(
        {
            **json.loads(
                encode_log(log_envelope(IDS()), LeaseTaken("p", "r", MORNING))
            ),
            "type": "moon.phase",
            "note": HOSTILE,
            "deep": {"er": [1, {"x": HOSTILE}]},
        }
    )


SIZE = 15


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("log")
    store = DirectoryLog(root / "audit")
    with store.exclusive():
        log = AuditLog.create(store, FakeSigner(), envelope=log_envelope())
    log.append(list(entries()))
    return root


@pytest.fixture(params=["whole", "indexed"])
def home(
    request: pytest.FixtureRequest,
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """This user's folders; with an index even of so small a log, or without."""
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.chdir(place)
    monkeypatch.setattr(searching, "SMALL", 0 if request.param == "indexed" else 4096)
    return tmp_path


def sluice(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main, ["audit", *arguments, "--log", "audit"])
    assert done.exit_code == code, done.output
    return done


def indices(*arguments: str) -> list[int]:
    lines = sluice("log", "--json", *arguments).stdout.splitlines()
    return [json.loads(line)["index"] for line in lines]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), range(SIZE)),
        (("--run", RUNS[0]), range(1, 4)),
        (("--run", "z0bb"), range(4, 13)),
        (("--stage", "scan"), [2]),
        (("--stage", "s*"), [2]),
        (("--type", "run.finished"), [3, 12]),
        (("--type", "run.*", "--type", "canary.judged"), [1, 3, 4, 9, 11, 12]),
        (("--type", "moon.phase"), [14]),
        (("--type", "run.finished", "--run", "z0bb"), [12]),
        (("--commit", COMMITS[0][:12]), range(1, 4)),
        (("--commit", f"sha1:{COMMITS[1]}"), range(4, 13)),
        (("--digest", str(IMAGE)), [5, 7, 8]),
        (("--digest", IMAGE.hex[:8].upper()), [5, 7, 8]),
        (("--digest", f"ghcr.io/acme/churn@{IMAGE}"), [5, 7, 8]),
        (("--digest", REPORT.hex), [2, 5]),
        (("--digest", "123456"), []),
        (("--actor", "1000", "--type", "run.*"), [1, 3]),
        (("--actor", "user:1000", "--stage", "scan"), [2]),
        (("--actor", "app:*"), []),
        (("--since", "2026-11-21", "--until", "2026-11-21"), range(4, 13)),
        (("--since", "2026-11-20T08:01", "--until", "2026-11-20T08:02Z"), [2]),
        (("--since", "2026-11-20T09:01+01:00", "--until", "2026-11-20"), [2, 3]),
        (("--since", "1m"), []),
        (("--limit", "2"), [13, 14]),
        (("-n", "2", "--reverse"), [14, 13]),
        (("--type", "run.*", "-n", "1"), [12]),
        (("--run", RUNS[0], "--reverse"), [3, 2, 1]),
        (("--no-index", "--stage", "scan"), [2]),
    ],
)
@pytest.mark.usefixtures("home")
def test_all_that_is_asked_for_is_listed(
    arguments: tuple[str, ...], found: list[int]
) -> None:
    assert indices(*arguments) == list(found)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--since", "yesterday"),
        ("--since", "2026-13-01"),
        ("--until", "999999w"),
        ("--since", "2026-11-21", "--until", "2026-11-20"),
        ("--commit", "main"),
        ("--commit", "abc"),
        ("--digest", "sha256:xyz"),
        ("--limit", "0"),
        ("--limit", "99999999999999999999"),
        ("--run", "nothing"),
    ],
)
@pytest.mark.usefixtures("home")
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...]) -> None:
    assert "rror" in sluice("log", *arguments, code=2).stderr


@pytest.mark.usefixtures("home")
def test_nothing_found_is_said_and_no_error() -> None:
    done = sluice("log", "--stage", "nowhere")

    assert done.stdout == ""
    assert "no entry is like that" in done.stderr


@pytest.mark.usefixtures("home")
def test_a_type_that_nobody_knows_is_named_where_nothing_is_found() -> None:
    done = sluice("log", "--type", "stage.finshed", "--type", "hold.*")

    assert "warning: --type stage.finshed: this version knows no such" in done.stderr
    assert "hold.*" not in done.stderr


@pytest.mark.usefixtures("home")
def test_an_index_is_made_only_where_it_pays(home: Path) -> None:
    sluice("log", "--stage", "scan")

    made = list((home / "cache").rglob("*.sqlite"))
    assert len(made) == (0 if searching.SMALL else 1)


@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",), ("--markdown",)])
@pytest.mark.usefixtures("home")
def test_no_entry_draws_on_the_terminal_or_makes_a_line_of_its_own(
    form: tuple[str, ...],
) -> None:
    done = sluice("log", *form)

    lines = done.stdout.split("\n")
    headers = {(): 0, ("--json",): 0, ("--csv",): 1, ("--markdown",): 2}[form]
    assert len(lines) == SIZE + headers + 1
    assert all(
        escape(line.removesuffix("\r")) == line.removesuffix("\r") for line in lines
    )


@pytest.mark.usefixtures("home")
def test_entries_of_a_type_to_come_are_shown_with_it() -> None:
    assert "moon.phase" in sluice("log").stdout.splitlines()[14]


@pytest.mark.usefixtures("home")
def test_csv_is_read_by_others_and_holds_no_formula() -> None:
    text = sluice("log", "--csv").stdout

    records = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))

    assert [record["index"] for record in records] == [str(n) for n in range(SIZE)]
    assert records[2]["digests"] == f"sha256:{Digest.of(b'').hex} sha256:{REPORT.hex}"
    assert records[5]["verdict"] == "closed"
    assert records[8]["type"] == "rollout.started"
    cells = [cell for record in records for cell in record.values() if cell]
    assert not [cell for cell in cells if cell[0] in "=+-@\t\r"]


@pytest.mark.usefixtures("home")
def test_markdown_has_a_row_for_every_entry_and_nothing_but_text() -> None:
    lines = sluice("log", "--markdown").stdout.splitlines()

    assert {line.count("|") for line in lines} == {7}
    body = re.sub(r"</?code>|<span>&#64;</span>", "", "\n".join(lines[2:]))
    assert not set("<>[]()`@*_") & set(body)


@pytest.mark.parametrize("name", ["2", "-13"])
@pytest.mark.usefixtures("home")
def test_one_entry_is_shown_in_full(name: str) -> None:
    lines = sluice("show", name).stdout.splitlines()

    told = {line.split("  ")[0]: line for line in lines}
    assert told["entry"].endswith(f"2 of {SIZE} in log.example/churn")
    assert told["type"].endswith("stage.finished")
    assert told["run_id"].endswith(RUNS[0])
    assert "scan.sarif  48211 bytes  sha256:efef" in told["evidence.files"]
    assert told["evidence.fields.scan.critical"].endswith(" 0")


@pytest.mark.usefixtures("home")
def test_the_raw_bytes_are_those_whose_hash_is_shown(place: Path) -> None:
    raw = sluice("show", "5", "--raw").stdout_bytes
    document = json.loads(sluice("show", "5", "--json").stdout)

    assert document["leaf_hash"] == sha256(b"\0" + raw).hexdigest()
    assert document["entry"] == json.loads(raw)
    checkpoint = (place / "audit/checkpoint").read_text().splitlines()
    assert [
        document["checkpoint"]["origin"],
        str(document["checkpoint"]["size"]),
        document["checkpoint"]["root"],
    ] == checkpoint[:3]


@pytest.mark.usefixtures("home")
def test_an_entry_is_found_by_the_end_of_its_event_id() -> None:
    entry = json.loads(sluice("show", "7", "--json").stdout)["entry"]

    for name in (entry["event_id"], entry["event_id"].lower()):
        assert json.loads(sluice("show", name, "--json").stdout)["index"] == 7


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("15", "it has 15, from 0 to 14"),
        ("-16", "it has 15, from 0 to 14"),
        ("ZZZZ", "no event id in the log ends with ZZZZ"),
        ("abc", "is no entry"),
        ("../../etc/passwd", "is no entry"),
    ],
)
@pytest.mark.usefixtures("home")
def test_an_entry_that_is_none_is_refused(name: str, said: str) -> None:
    assert said in sluice("show", name, code=2).stderr


@pytest.mark.parametrize("index", range(SIZE))
@pytest.mark.usefixtures("home")
def test_no_entry_in_full_draws_on_the_terminal(index: int) -> None:
    text = sluice("show", str(index)).stdout

    assert all(escape(line) == line for line in text.split("\n"))
    assert json.loads(sluice("show", str(index), "--json").stdout)["index"] == index


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12h", NOW - timedelta(hours=12)),
        ("30d", NOW - timedelta(days=30)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T01:30+01:00", datetime(2026, 11, 22, 0, 30, tzinfo=UTC)),
        ("2026-11-22 10:00:01.5", datetime(2026, 11, 22, 10, 0, 1, 500_000, UTC)),
    ],
)
def test_moments_are_dates_times_or_how_long_ago(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW) == moment


def test_a_period_includes_its_last_day() -> None:
    assert parse_moment("2026-12-31", NOW, is_end=True) == datetime(
        2027, 1, 1, tzinfo=UTC
    )


@pytest.mark.parametrize("text", ["", "x", "30", "-1d", "1y", "9999-12-31", "999999w"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(click.UsageError, match="is no moment"):
        parse_moment(text, NOW, is_end=True)
