"""What it costs to hide secrets in what programs say and write.

    python benchmarks/masking.py [--rounds 5] [--out benchmarks/results/masking.json]

Three texts of 8 MB are made from a fixed seed, and hold no secret, as nearly all that
is looked through: a *log* of lines such as pytest, pip, a web server and a training
print; a *mixed log*, in which every fourth line has colours, an address with escapes or
BuildKit's prefix, each of which takes another look; and a *report*, JSON in JSON, a
third of whose lines hold escapes. Of 1, 20 and 100 secrets (three of four are tokens of
40 characters, the others passwords of 24 with all signs) every form is looked for:

- in the texts as a whole, as output and reports are (`Masks.data`);
- in the lines of the logs as they come from a program that says much, in reads of
  64 KiB;
- in those of the log as they come from one that says little, each by itself.

Against: the same lines with nothing hidden; and looking for the same secrets in their
plain form alone by `bytes.replace`, one after the other. Times are CPU seconds of this
process, which has one thread.
"""

import argparse
import json
import random
import statistics
import string
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from measure import describe_commit, describe_place, format_table, publish

from sluicegate.adapters.hiding.lines import LineHider
from sluicegate.adapters.masking import Masks

SIZE = 8_000_000
READ = 1 << 16
COUNTS = (1, 20, 100)
GOAL = 100.0  # MB/s with 20 secrets, of a log, whole and in reads
GOAL_COUNT = 20
WHOLE, READS, LINES, REPORT = "whole", "reads", "lines", "report"
MIXED_WHOLE, MIXED_READS = "mixed, whole", "mixed, reads"
NOTHING, PLAIN = "lines, nothing hidden", "plain forms by `bytes.replace`"

_LINES = (
    "tests/unit/test_{a}.py::test_{b}_of_{c} PASSED                     [ {n:2}%]",
    "2026-11-23T14:{n:02}:07.{m}Z INFO {a}.{b}: handled {m} requests in 0.{n}s",
    '10.1.{n}.7 - - "GET /api/v1/{a}/{m}?q={b}%20{c}&limit=20 HTTP/1.1" 200 {m}',
    "Collecting {a}-{b}=={n}.{n}.1 (from -r requirements.txt (line {n}))",
    "  Downloading {a}_{b}-{n}.2.0-py3-none-any.whl.metadata ({n}.1 kB)",
    "#12 {n}.{m} Get:{n} http://deb.debian.org/debian trixie/main {a} amd64 [{m} kB]",
    "epoch {n:3d}/100  loss 0.{m}  val_loss 0.{n}{m}  lr 1.0e-03  {n} examples/s",
    '{{"level": "info", "logger": "{a}", "message": "{b} {c}", "took_ms": {n}}}',
    "\x1b[32mINFO\x1b[0m:     Application startup of {a} complete in {n} ms",
    "src/{a}/{b}.py:{n}: DeprecationWarning: {c}() is deprecated since {n}.{n}",
    "    assert response.json() == {{'{a}': {n}, '{b}': '{c}'}}",
    "copying build/lib/{a}/{b}.cpython-313-x86_64-linux-gnu.so -> {c}",
)
_PLAIN_LINES = tuple(
    line for line in _LINES if not (line[0] in "\x1b#" or "%20" in line)
)
_WORDS = (
    *("model", "loader", "churn", "features", "service", "registry", "batch", "train"),
    *("predict", "schema", "router", "metrics", "gateway", "tokenizer", "dataset"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()

    place = describe_place()
    by = random.Random(20261123)  # noqa: S311 - texts, no secrets of anybody
    secrets = make_secrets(by, max(COUNTS))
    texts = make_log(by, _PLAIN_LINES), make_log(by, _LINES), make_report(by)
    speeds = measure(secrets, *texts, rounds=arguments.rounds)
    builds = {count: build_seconds(secrets[:count]) for count in COUNTS}
    rows = [
        [
            str(count),
            *(f"{speeds[f'{kind} {count}']:.0f}" for kind in KINDS),
            f"{speeds[f'{PLAIN} {count}']:.0f}",
            f"{builds[count] * 1000:.0f} ms",
        ]
        for count in COUNTS
    ]
    header = (
        "secrets", "log, whole", "in reads", "line by line", "mixed log, whole",
        "in reads", "report, whole", "plain forms alone", "to build",
    )  # fmt: skip
    met = all(speeds[f"{kind} {GOAL_COUNT}"] >= GOAL for kind in (WHOLE, READS))
    table = format_table(header, rows)
    verdict = "met" if met else "MISSED"
    text = (
        f"{table}\n\nMB/s on one core; lines of which nothing is hidden:"
        f" {speeds[NOTHING]:.0f}. Goal for a log, whole and in reads, with {GOAL_COUNT}"
        f" secrets: at least {GOAL:g}; {verdict}. {describe_commit(place)}"
    )
    document = {
        "place": place,
        "megabytes": SIZE / 1e6,
        "goal_mb_per_s": GOAL,
        "met": met,
        "mb_per_s": {name: round(speed, 1) for name, speed in speeds.items()},
        "build_seconds": builds,
    }
    publish(arguments.out, document, text)


def measure(
    secrets: Sequence[str], log: str, mixed: str, report: str, *, rounds: int
) -> Mapping[str, float]:
    """MB/s of CPU time, the median of *rounds*, in which all take turns."""
    data, lines = log.encode(), log.split("\n")
    reads = list(in_reads(lines))
    contestants: dict[str, Callable[[], object]] = {
        NOTHING: lambda: say(lines, [].append)
    }
    for count in COUNTS:
        masks = Masks({}, None)
        masks.hide(secrets[:count])
        plain = [secret.encode() for secret in secrets[:count]]
        contestants |= {
            f"{WHOLE} {count}": Whole(masks, data),
            f"{READS} {count}": Reads(masks, reads),
            f"{LINES} {count}": Reads(masks, [[line] for line in lines]),
            f"{MIXED_WHOLE} {count}": Whole(masks, mixed.encode()),
            f"{MIXED_READS} {count}": Reads(masks, in_reads(mixed.split("\n"))),
            f"{REPORT} {count}": Whole(masks, report.encode()),
            f"{PLAIN} {count}": Replacing(plain, data),
        }
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        names = list(contestants)
        first = number % len(names)
        for name in names[first:] + names[:first]:
            start = time.process_time()
            contestants[name]()
            if number > 0:
                taken[name].append(time.process_time() - start)
    return {
        name: SIZE / 1e6 / statistics.median(seconds) for name, seconds in taken.items()
    }


class Whole:
    """Hides what is in *data*, all at once."""

    def __init__(self, masks: Masks, data: bytes) -> None:
        self._masks, self._data = masks, data

    def __call__(self) -> None:
        check(self._masks.data(self._data) == self._data)


class Reads:
    """Hides what is in lines that come in *reads*."""

    def __init__(self, masks: Masks, reads: Sequence[Sequence[str]]) -> None:
        self._masks, self._reads = masks, reads

    def __call__(self) -> None:
        said: list[str] = []
        hider = LineHider(self._masks.finder, said.append)
        for lines in self._reads:
            hider.many(lines)
        hider.close()
        check(len(said) == sum(map(len, self._reads)))


class Replacing:
    """Replaces *secrets* in *data*, in no other form."""

    def __init__(self, secrets: Sequence[bytes], data: bytes) -> None:
        self._secrets, self._data = secrets, data

    def __call__(self) -> None:
        data = self._data
        for secret in self._secrets:
            data = data.replace(secret, b"***")
        check(data is self._data or data == self._data)


KINDS = (WHOLE, READS, LINES, MIXED_WHOLE, MIXED_READS, REPORT)


def check(holds: object) -> None:
    if not holds:
        raise SystemExit("what came out is not what went in")


def say(lines: Sequence[str], on_line: Callable[[str], None]) -> None:
    for line in lines:
        on_line(line)


def build_seconds(secrets: Sequence[str]) -> float:
    """CPU seconds until the first text is looked through; once a process and set."""
    start = time.process_time()
    masks = Masks({}, None)
    masks.hide([f"{secret}-" for secret in secrets])  # no set that is there already
    masks.text("begin")
    return time.process_time() - start


def in_reads(lines: Sequence[str]) -> Sequence[Sequence[str]]:
    """*lines* as a pipe gives them."""
    reads: list[list[str]] = [[]]
    size = 0
    for line in lines:
        size += len(line) + 1
        if size > READ:
            reads.append([])
            size = 0
        reads[-1].append(line)
    return reads


def make_secrets(by: random.Random, count: int) -> Sequence[str]:
    token = string.ascii_letters + string.digits + "_-"
    signs = token + "!#$%&()*+,./:;<=>?@[]^{|}~"
    return [
        "".join(by.choices(*((token, None), (signs, None))[number % 4 == 3], k=size))
        for number, size in (
            (each, 24 if each % 4 == 3 else 40) for each in range(count)
        )
    ]


def make_log(by: random.Random, kinds: Sequence[str]) -> str:
    return "\n".join(fill(lambda: by.choice(kinds).format(**_drawn(by))))


def make_report(by: random.Random) -> str:
    """What a tool writes that quotes what others wrote."""

    def item() -> str:
        line = by.choice(_LINES).format(**_drawn(by))
        said = json.dumps({"text": line + "\n"}) if by.random() < 1 / 3 else line
        return json.dumps({"rule": by.choice(_WORDS), "message": said})

    return "\n".join(fill(item))


def fill(make: Callable[[], str]) -> list[str]:
    """So many lines of *make* that they have SIZE bytes, with their ends."""
    lines: list[str] = []
    left = SIZE
    while left > 0:
        lines.append(make()[: left - 1])
        left -= len(lines[-1]) + 1
    return lines


def _drawn(by: random.Random) -> Mapping[str, object]:
    a, b, c = by.choices(_WORDS, k=3)
    return {"a": a, "b": b, "c": c, "n": by.randint(1, 99), "m": by.randint(100, 999)}


if __name__ == "__main__":
    main()
