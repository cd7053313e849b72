"""``sluice canary judge`` as a rollout tool calls it: files, pipes, exit codes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from math import comb, exp, fsum, lgamma, log
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sluicegate.canary import Judge
from sluicegate.cli import main

COMMAND = (sys.executable, "-m", "sluicegate", "canary", "judge")
FULL = os.environ.get("SLUICE_FULL") == "1"
Arm = tuple[int, int]


def line(t: float, canary: Arm | None, stable: Arm | None, **more: object) -> str:
    """One line; an arm is (requests, failed)."""
    fields: dict[str, object] = {"t": t, "metric": "errors", "kind": "bernoulli"}
    for name, arm in (("canary", canary), ("stable", stable)):
        fields[name] = None if arm is None else {"n": arm[0], "x": arm[1]}
    return json.dumps(fields | more)


def judge(
    lines: Iterable[str] | bytes, *options: str, code: int, file: str = "-"
) -> Result:
    """Judge *lines* from standard input, or *file*."""
    data = lines if isinstance(lines, bytes) else "\n".join(lines).encode()
    done = CliRunner().invoke(main, ["canary", "judge", file, *options], input=data)
    assert done.exit_code == code, (done.stdout, done.stderr)
    return done


def document(lines: Iterable[str], *options: str, code: int) -> dict[str, Any]:
    found = json.loads(judge(lines, *options, "--json", code=code).stdout)
    assert isinstance(found, dict)
    return found


# --- The formulas, once more and plainly -------------------------------------------

RATIOS = (1.5, 2, 3, 5, 10, 30)


def log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def abort_evidence(blocks: list[tuple[Arm, Arm]], sigma: float | None) -> list[float]:
    """ln E after each block: the mean over the ratios of the products of e-values."""
    logs, course = dict.fromkeys(RATIOS, 0.0), []
    for (n_c, x_c), (n_s, x_s) in blocks:
        w, k = n_c / (n_c + n_s), x_c + x_s
        for psi in RATIOS:
            if sigma is None:
                logs[psi] += x_c * log(psi) - k * log(1 + w * (psi - 1))
                continue
            kappa = max(1, 1 / (w * (1 - w) * sigma**2) - 1)
            v = w * psi / (1 - w + w * psi)
            logs[psi] += (
                log_beta(kappa * v + x_c, kappa * (1 - v) + k - x_c)
                - log_beta(kappa * v, kappa * (1 - v))
                - log_beta(kappa * w + x_c, kappa * (1 - w) + k - x_c)
                + log_beta(kappa * w, kappa * (1 - w))
            )
        course.append(log(fsum(exp(each) for each in logs.values()) / len(RATIOS)))
    return course


def divergence(p: float, q: float) -> float:
    return p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))


def promote_evidence(blocks: list[tuple[Arm, Arm]], beta: float) -> list[float]:
    """ln E after each block, for independent requests, at a margin of 2 p + 0.001."""
    logs, course = [0.0, 0.0], []
    requests = failed = 0
    for (n_c, x_c), (n_s, x_s) in blocks:
        for index, part in enumerate((1, 0.5)):
            theta = part * (failed + 0.5) / (requests + 1)

            def cost(q: float, theta: float = theta) -> float:
                q_c = 2 * q + 0.001
                return n_c * divergence(theta, q_c) + n_s * divergence(theta, q)  # noqa: B023

            low, high = 1e-12, theta  # golden section, on the line q_c = 2 q_s + 0.001
            while high - low > 1e-14:
                left, right = low + 0.382 * (high - low), low + 0.618 * (high - low)
                low, high = (low, right) if cost(left) < cost(right) else (left, high)
            q_s, q_c = low, 2 * low + 0.001
            log_e = fsum(
                x * log(theta / q) + (n - x) * log((1 - theta) / (1 - q))
                for n, x, q in ((n_c, x_c, q_c), (n_s, x_s, q_s))
            )
            if requests:
                logs[index] += min(log_e, 0.52 * -log(beta))
        requests, failed = requests + n_c + n_s, failed + x_c + x_s
        course.append(log(fsum(map(exp, logs)) / 2))
    return course


def draw(random: Random, n: int, p: float) -> int:
    """A binomial number, by inversion."""
    rest, x = random.random(), 0
    while x < n and (rest := rest - comb(n, x) * p**x * (1 - p) ** (n - x)) > 0:
        x += 1
    return x


def decide(
    blocks: list[tuple[Arm, Arm]], sigma: float | None
) -> tuple[str, int | None]:
    """The verdict, and the index of the block that gave it; promotion without noise."""
    worse = abort_evidence(blocks, sigma)
    for index, each in enumerate(worse):
        if each >= log(100):
            return "abort", index
    if sigma is None:
        for index, each in enumerate(promote_evidence(blocks, 0.05)):
            if each >= log(20):
                return "promote", index
    return "hold", None


@pytest.mark.parametrize("sigma", [None, 0.3], ids=["independent", "noisy"])
@pytest.mark.parametrize(
    ("p_c", "p_s", "w"),
    [(0.004, 0.004, 0.1), (0.05, 0.01, 0.1), (0.02, 0.01, 0.5), (0.3, 0.3, 0.2)],
)
def test_the_numbers_are_those_of_the_published_formulas(
    p_c: float, p_s: float, w: float, sigma: float | None
) -> None:
    random = Random(f"{p_c} {p_s} {w}")
    n_c, n_s = round(600 * w), round(600 * (1 - w))
    blocks = [
        ((n_c, draw(random, n_c, p_c)), (n_s, draw(random, n_s, p_s)))
        for _ in range(25)
    ]
    verdict, index = decide(blocks, sigma)
    lines = [line(60 * (k + 1), *block) for k, block in enumerate(blocks)]
    arguments = ["canary", "judge", "--json", f"--sigma={sigma or 'none'}", "-"]
    done = CliRunner().invoke(main, arguments, input="\n".join(lines))
    found = json.loads(done.stdout)
    assert done.exit_code == {"promote": 0, "abort": 1, "hold": 3}[found["verdict"]]
    assert (found["verdict"] == "abort") == (verdict == "abort")
    if sigma is None or verdict == "abort":
        assert found["verdict"] == verdict
        assert found["decided_at"] == (None if index is None else 60 * (index + 1))
    errors = found["metrics"]["errors"]
    expected = abort_evidence(blocks, sigma)[-1]
    assert errors["log_e_abort"] == pytest.approx(expected, rel=1e-9, abs=1e-9)
    if sigma is None:
        bet = promote_evidence(blocks, 0.05)[-1]
        assert errors["log_e_promote"] == pytest.approx(bet, rel=1e-6, abs=1e-6)
    assert (errors["n_canary"], errors["n_stable"]) == (25 * n_c, 25 * n_s)
    assert errors["x_canary"] == sum(block[0][1] for block in blocks)
    assert errors["x_stable"] == sum(block[1][1] for block in blocks)


# --- Verdicts -----------------------------------------------------------------------

GOOD = [line(60 * k, (500, 2), (4500, 18)) for k in range(1, 11)]
BAD = [line(60 * k, (500, 30), (4500, 18)) for k in range(1, 11)]


def test_exit_codes_and_sentences() -> None:
    assert judge(GOOD, code=0).stdout.startswith("promote at t = ")
    abort = judge(BAD, code=1).stdout
    assert abort.startswith("abort at t = 60: aborted after 500 canary requests: ")
    assert "300 of 5 000  180 of 45 000" in abort
    assert judge(GOOD[:1], code=3).stdout.startswith("hold: ")


def test_a_file_and_standard_input_and_a_pipe_say_the_same(tmp_path: Path) -> None:
    file = tmp_path / "numbers.jsonl"
    file.write_text("\n".join(GOOD))
    expected = judge((), code=0, file=str(file)).stdout
    with file.open("rb") as redirected:
        done = subprocess.run(
            [*COMMAND, "-"], stdin=redirected, capture_output=True, check=False
        )
    assert (done.returncode, done.stdout.decode()) == (0, expected)
    piped = subprocess.run(
        [*COMMAND, "/dev/stdin"],
        input=file.read_bytes(),
        capture_output=True,
        check=False,
    )
    assert (piped.returncode, piped.stdout.decode()) == (0, expected)


def test_the_document_has_the_same_numbers_as_the_class() -> None:
    found = document(GOOD, code=0)
    library = Judge()
    for each in GOOD:
        library.add_line(each)
    library.finish()
    errors = library.metrics["errors"]
    assert found["decided_at"] == library.decided_at
    assert found["metrics"]["errors"]["log_e_abort"] == errors.log_e_abort
    assert found["metrics"]["errors"]["log_e_promote"] == errors.log_e_promote
    assert found["reason"] == library.assessment.reason


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [line(60 * k, (0, 0), (0, 0)) for k in range(20)],
        [line(60 * k, (5000, 0), None) for k in range(20)],
        [line(60 * k, None, (5000, 0)) for k in range(20)],
        [line(60 * k, (5000, 5000), (0, 0)) for k in range(20)],
        ['{"t": 60, "metric": "errors", "kind": "bernoulli"}'],
    ],
)
def test_no_data_and_half_data_hold(lines: list[str]) -> None:
    found = document(lines, code=3)
    assert (found["verdict"], found["decided_at"]) == ("hold", None)
    assert found["metrics"]["errors"]["log_e_abort"] == 0


def test_an_outage_of_both_is_neither_an_abort_nor_a_promotion() -> None:
    dark = [line(60 * k, (500, 480), (4500, 4320)) for k in range(1, 30)]
    document(dark, code=3)


def test_all_kinds_are_judged_together_and_share_alpha() -> None:
    kinds: dict[str, tuple[dict[str, object], object, object]] = {
        "latency": ({"edges": [100, 500], "slo": 500}, [60, 4], [540, 36]),
        "rate": ({}, 20_000, 180_000),
        "gauge": ({}, 1000.5, 9004.5),
        "categories": (
            {"categories": ["yes", "no"], "tolerance": 0.2},
            [300, 200],
            [2700, 1800],
        ),
    }
    lines = []
    for t in range(60, 60 * 40, 60):
        lines.append(line(t, (500, 2), (4500, 18)))
        for kind, (more, x_c, x_s) in kinds.items():
            more["canary"] = {"n": 500, "x": x_c}
            more["stable"] = {"n": 4500, "x": x_s}
            lines.append(json.dumps({"t": t, "metric": kind, "kind": kind, **more}))
    done = judge(lines, "--json", "--weight", "errors=6", code=0)
    found = json.loads(done.stdout)["metrics"]
    assert list(found) == ["errors", "categories", "gauge", "latency", "rate"]
    assert found["errors"]["log_e_abort_needed"] == pytest.approx(
        -log(0.01 * 0.6), abs=1e-6
    )
    assert found["rate"]["log_e_abort_needed"] == pytest.approx(
        -log(0.01 * 0.1), abs=1e-6
    )
    assert found["latency"]["x_canary"] == [60 * 39, 4 * 39]
    assert found["gauge"]["x_stable"] == pytest.approx(9004.5 * 39)
    worse = [text.replace('"x": [60, 4]', '"x": [160, 44]') for text in lines]
    assert "latency" in judge(worse, code=1).stdout


def test_a_metric_that_is_declared_and_missing_holds() -> None:
    found = document(GOOD, "--weight", "latency=1", code=3)
    assert "latency" in found["reason"]
    assert found["metrics"]["latency"]["n_canary"] == 0


def test_options_reach_the_judge() -> None:
    judge(GOOD, "--min-requests", "100000", code=3)
    judge(GOOD, "--min-seconds", "100000", code=3)
    judge(GOOD, "--beta", "1e-9", code=3)
    judge(GOOD, "--margin-ratio", "1.01", "--margin-abs", "0", code=3)
    judge(BAD[:1], "--alpha", "1e-12", code=3)
    judge(BAD[:1], "--sigma", "0.7", "--alpha", "1e-4", code=3)
    judge(BAD[:1], "--sigma", "none", "--alpha", "1e-4", code=1)
    burnt = [line(60 * k, (40, 25), (40, 0)) for k in range(1, 3)]
    noisy = ("--sigma", "0.7", "--alpha", "1e-6")
    judge(burnt, *noisy, code=3)
    blown = judge(burnt, *noisy, "--fuse", "0.2", code=1).stdout
    assert "more errors than the fuse of 20 %" in blown


def test_the_fuse_blows_only_where_stable_is_seen_to_be_healthy() -> None:
    for stable in (None, (8, 0), (40, 25)):
        burnt = [line(60 * k, (40, 25), stable) for k in range(1, 5)]
        judge(burnt, "--fuse", "0.2", "--sigma", "0.7", "--alpha", "1e-6", code=3)


def test_short_lines_are_put_together_and_shorter_batches_are_warned_of() -> None:
    short = [line(15 * k, (100, 1), (900, 6)) for k in range(1, 41)]
    long = [line(60 * k, (400, 4), (3600, 24)) for k in range(1, 11)]
    both = [judge(each, "--json", code=3) for each in (short, long)]
    first, second = (json.loads(done.stdout)["metrics"] for done in both)
    assert first == second
    assert not any(done.stderr for done in both)
    warned = judge(short, "--batch-seconds", "15", code=3)
    assert "warning: batches of 15 s are less robust" in warned.stderr
    assert not judge(short, "--batch-seconds", "15", "--sigma", "0", code=3).stderr


def test_the_largest_numbers_are_judged() -> None:
    most = 10**15
    for canary, stable, code in (
        ((most, most), (most, 0), 1),
        ((most, 0), (most, most), 3),
        ((most, 0), (most, 0), 0),
        ((1, 0), (most, most // 2), 3),
    ):
        lines = [line(t, canary, stable) for t in (-most, 0, 1e-300, 60, most)]
        for sigma in ("0.3", "0.7", "none"):
            found = document(lines, "--sigma", sigma, code=code)
            assert found["metrics"]["errors"]["n_canary"] == 5 * canary[0]


# --- Bad input ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{}", "standard input:1: kind must be one of"),
        (f"{GOOD[0]}\n\n{GOOD[1][:40]}".encode(), "standard input:3: not JSON"),
        (f"{GOOD[1]}\n{GOOD[0]}".encode(), "standard input:2: t goes back"),
        (GOOD[0].encode() + b"\n\x00\x1b[2J\n", "standard input:2: not JSON"),
        (b"\xff" * 99, "standard input:1: not JSON"),
        (b"[" * (1 << 21), "standard input:1: a line of more than"),
        (GOOD[0].replace("errors", "a\\u001b[2Jb").encode() + b"\n{}", ":2: kind"),
        (
            "\n".join([GOOD[0], line(60, None, None, kind="rate")]).encode(),
            "standard input:2: metric 'errors' is of another kind",
        ),
    ],
)
def test_bad_input_is_named_by_its_line_and_nothing_is_judged(
    data: bytes, words: str
) -> None:
    done = judge(data, "--json", code=2)
    assert done.stdout == ""
    assert words in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b[2J" not in done.stderr


def test_a_name_that_would_move_the_cursor_is_shown_as_it_is() -> None:
    text = GOOD[0].replace('"errors"', '"a\\u001b[2Jb"')
    done = judge([text], code=3)
    assert "\x1b[2J" not in done.stdout
    assert "a\\x1b[2Jb" in done.stdout


@pytest.mark.parametrize("file", ["none.jsonl", "."])
def test_a_file_that_cannot_be_read_is_no_verdict(file: str) -> None:
    done = judge((), code=2, file=file)
    assert f"error: cannot read {file}" in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--alpha", "0.6"),
        ("--alpha", "nan"),
        ("--sigma", "some"),
        ("--batch-seconds", "0"),
        ("--weight", "errors"),
        ("--weight", "errors=-1"),
        ("--weight", "errors=0"),
        ("--min-requests", "0"),
        ("--fuse", "2"),
    ],
)
def test_settings_that_mean_nothing_are_no_verdict(options: tuple[str, ...]) -> None:
    done = judge(GOOD, *options, code=2)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_what_editors_and_windows_add_is_no_matter() -> None:
    data = b"\xef\xbb\xbf" + "\r\n".join([*GOOD, "", " "]).encode()
    assert judge(data, code=0).stdout == judge(GOOD, code=0).stdout


def test_a_reader_that_has_gone_changes_nothing_about_the_verdict() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*COMMAND, "-"],
        input="\n".join(BAD).encode(),
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


# --- Size ---------------------------------------------------------------------------

PEAK = """
import resource, sys
from sluicegate.cli import main
try:
    main(["canary", "judge", "--sigma=none", "-"])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def measure_kib(lines: Iterable[str]) -> int:
    """The most memory that judging *lines* takes, at any time."""
    with subprocess.Popen(
        [sys.executable, "-c", PEAK],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdin is not None
        assert child.stderr is not None
        for each in lines:
            child.stdin.write(each.encode() + b"\n")
        child.stdin.close()
        return int(child.stderr.read().split()[-1])


def test_a_long_file_takes_no_more_memory_than_a_short_one() -> None:
    padding = "x" * 20_000
    lines = (line(k, (10, k % 3 == 0), (90, 1), note=padding) for k in range(1500))
    short = measure_kib([line(60, (10, 0), (90, 1))])
    assert measure_kib(lines) - short < 8 * 1024  # of 30 MiB


@pytest.mark.exhaustive
def test_a_million_lines_take_no_more_memory_than_a_few() -> None:
    count = 1_000_000 if FULL else 2000
    lines = (line(k, (10, k % 97 == 0), (90, k % 5 == 0)) for k in range(count))
    short = measure_kib([line(60, (10, 0), (90, 1))])
    assert measure_kib(lines) - short < 8 * 1024
