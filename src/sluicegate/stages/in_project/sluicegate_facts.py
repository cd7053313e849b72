"""A plugin of pytest: takes a shard's share of the tests, and writes down what ran.

Runs in the project's own Python, 3.7 or newer, beside whatever plugins it has. The
variable SLUICEGATE_PYTEST names a file with its orders as JSON: ``facts`` (the file to
write) and ``select`` (which of the collected tests to keep; null for all).

A shard is made of whole files: what tests of one file share stays together, and a test
whose name differs from one collection to the next is still in exactly one shard.
"""

# ruff: noqa: INP001, TID251 - runs alone in another Python, where there are no ports

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    Counts = dict[str, int]

_ORDERS: dict[str, Any] = json.loads(Path(os.environ["SLUICEGATE_PYTEST"]).read_text())
_facts: dict[str, Any] = {
    "collected": None,  # tests by file, before this shard took its share
    "kept": None,  # tests by file that are to run here
    "tests": 0,  # tests that are to run, each name once
    "fail_under": None,  # the project's own threshold of coverage, in percent
    "coverage_config": None,
}
_seen: set[str] = set()
_outcomes: dict[str, str] = {}
_repeated: dict[str, None] = {}  # what a plugin of the project's own ran again
_seconds: dict[str, float] = {}  # by file


def _file_of(name: str) -> str:
    return name.partition("::")[0]


def _count(items: Iterable[pytest.Item]) -> Counts:
    return dict(sorted(Counter(_file_of(item.nodeid) for item in items).items()))


def _share(counts: Counts, select: dict[str, Any]) -> set[str]:
    """The files of this shard, as the orders say."""
    index, total = int(select["index"]), int(select["total"])
    if select["by"] == "name":
        return {name for name in counts if _hash(name) % total == index - 1}
    return _balance(counts, select["seconds"], total)[index - 1]


def _hash(name: str) -> int:
    return int(hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest(), 16)


def _balance(counts: Counts, seconds: dict[str, float], total: int) -> list[set[str]]:
    """The longest file first, each to the shard that has least to do so far."""
    known = sum(counts[name] for name in counts if name in seconds)
    spent = sum(seconds[name] for name in counts if name in seconds)
    each = (spent / known if known else 0.0) or 1.0

    def weight(name: str) -> float:
        return seconds.get(name, counts[name] * each)

    shares: list[set[str]] = [set() for _ in range(total)]
    loads = [0.0] * total
    for name in sorted(counts, key=lambda name: (-weight(name), name)):
        least = loads.index(min(loads))
        shares[least].add(name)
        loads[least] += weight(name)
    return shares


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep this shard's share of what was collected, after every other plugin."""
    items, select = session.items, _ORDERS["select"]
    _facts["collected"] = _count(items)
    if select is None:
        kept = items
    elif select["by"] == "names":
        names = set(select["names"])
        kept = [item for item in items if item.nodeid in names]
    else:
        share = _share(_facts["collected"], select)
        kept = [item for item in items if _file_of(item.nodeid) in share]
    _facts["kept"] = _count(kept)
    _facts["tests"] = len({item.nodeid for item in kept})
    if len(kept) < len(items):
        chosen = set(map(id, kept))
        dropped = [item for item in items if id(item) not in chosen]
        session.items[:] = kept
        session.config.hook.pytest_deselected(items=dropped)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Leave it to whoever adds up all shards to judge their coverage."""
    plugin = session.config.pluginmanager.getplugin("_cov")
    if plugin is None:
        return
    _facts["fail_under"] = plugin.options.cov_fail_under
    _facts["coverage_config"] = plugin.options.cov_config
    if _ORDERS["select"] is not None:
        plugin.options.cov_fail_under = None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember every test that ran, and what became of it."""
    name, outcome = report.nodeid, str(report.outcome)
    _seen.add(name)
    file = _file_of(name)
    _seconds[file] = _seconds.get(file, 0.0) + getattr(report, "duration", 0.0)
    if outcome == "rerun":  # the word of pytest-rerunfailures
        _outcomes.pop(name, None)
        _repeated[name] = None
    elif outcome == "failed":
        _outcomes[name] = outcome
    elif outcome == "passed" and report.when == "call":
        _outcomes.setdefault(name, outcome)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:  # noqa: ARG001 - its names
    """Take over what a worker of pytest-xdist collected: all of them do the same."""
    _facts.update(getattr(node, "workeroutput", {}).get("sluicegate", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what a worker of pytest-xdist knows to the process that waits for it."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["sluicegate"] = {
            name: _facts[name] for name in ("collected", "kept", "tests")
        }


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Write the facts once everything else is done."""
    if hasattr(config, "workerinput"):
        return
    _facts.update(
        ran=len(_seen),
        failed=[name for name, end in _outcomes.items() if end == "failed"],
        passed=[],
        repeated=list(_repeated),
        seconds=_seconds,
    )
    if (_ORDERS["select"] or {}).get("by") == "names":
        _facts["passed"] = [name for name, end in _outcomes.items() if end == "passed"]
    Path(_ORDERS["facts"]).write_text(json.dumps(_facts))
