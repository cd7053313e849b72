"""Start pytest: in this process, or as several shards, and once more for what failed.

    python -c START run_pytest.py ORDERS ARGUMENT...

Runs in the project's own Python, 3.7 or newer; the arguments are pytest's. START runs
this file under a name that no coverage is measured of. ORDERS is a JSON object:

- ``output``: the folder everything is written to
- ``shards``: how many processes share the tests between them
- ``part``: ``[index, total]`` of a shard that other machines' shards complete, or null
- ``again``: whether what failed is run once more, in a process of its own
- ``coverage``: ``true``, ``false`` or ``"auto"`` (where pytest-cov is installed)
- ``seconds``: the file that says how long every file of tests took before, or null

The exit code is that of the first run of pytest, and the worst of all shards.
"""

# ruff: noqa: INP001, TID251, S603 - runs alone in another Python, where are no ports

from __future__ import annotations

import importlib.util
import json
import os
import py_compile
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

_START = 'import sys; exec(compile(open(sys.argv[1]).read(), "<sluicegate>", "exec"))'
_SELF = Path(sys.argv[1])
_FAILED, _NONE_COLLECTED = 1, 5

Orders = Any  # a JSON object
Arguments = Any  # a list of texts


def main() -> int:
    """Do as the orders say; the exit code."""
    orders, arguments = json.loads(sys.argv[2]), sys.argv[3:]
    if "run" in orders:  # this is a process that was started below
        return _become_pytest(Path(orders["run"]), arguments)
    part = orders["part"]
    select = {"by": "name", "index": part[0], "total": part[1]} if part else None
    if orders["shards"] == 1 and not orders["again"]:
        run = _write_run(orders, "", select=select, coverage=orders["coverage"])
        return _become_pytest(run, arguments)
    return _start_runs(orders, select, arguments)


def _write_run(orders: Orders, name: str, **more: object) -> Path:
    """Say in a file what one process of pytest is to do: it may be long."""
    output = Path(orders["output"])
    facts = str(output / f"facts{name}.json")
    path = output / f"run{name}.json"
    run = {"name": name, "output": str(output), "facts": facts, "alone": False, **more}
    path.write_text(json.dumps(run))
    return path


def _become_pytest(path: Path, arguments: Arguments) -> int:
    run = _read(path)
    output, name = run["output"], run["name"]
    if sys.path and not sys.path[0]:
        sys.path[0] = str(Path.cwd())  # as `python -m pytest` does
    sys.path.append(str(_compile_plugin(Path(output, f"plugin{name}"))))
    os.environ["SLUICEGATE_PYTEST"] = str(path)
    os.environ["COVERAGE_FILE"] = f"{output}/.coverage{name}"
    options = ["-p", "sluicegate_facts", f"--junit-xml={output}/junit{name}.xml"]
    options += ["-o", f"cache_dir={output}/pytest_cache{name}"]
    if _has_coverage(run["coverage"]):
        options.append("--cov")
        if run["select"] is None:
            options.append(f"--cov-report=xml:{output}/coverage.xml")
            options.append(f"--cov-report=json:{output}/coverage.json")
        else:
            options.append("--cov-report=")
    if run["alone"] and importlib.util.find_spec("xdist") is not None:
        end = arguments.index("--") if "--" in arguments else len(arguments)
        arguments = [*arguments[:end], "-n0", *arguments[end:]]
    sys.argv = ["pytest", *options, *arguments]

    import pytest  # noqa: PLC0415 - once its place in sys.path is right

    return int(pytest.main(options + arguments))


def _compile_plugin(folder: Path) -> Path:
    """Make the plugin importable, here and in workers, yet no file to be covered."""
    folder.mkdir(exist_ok=True)
    source = _SELF.with_name("sluicegate_facts.py")
    target = folder / "sluicegate_facts.pyc"
    py_compile.compile(str(source), str(target), "<sluicegate>", doraise=True)
    return folder


def _has_coverage(wanted: object) -> bool:
    if wanted == "auto":
        return importlib.util.find_spec("pytest_cov") is not None
    return bool(wanted)


def _start_runs(orders: Orders, select: object, arguments: Arguments) -> int:
    """Run every share, then once more what failed, each in a process of its own."""
    output = Path(orders["output"])
    if orders["shards"] == 1:
        names = [""]
        run = _write_run(orders, "", select=select, coverage=orders["coverage"])
        codes = [_start(run, arguments).wait()]
    else:
        names = [f"-{number}" for number in range(1, orders["shards"] + 1)]
        codes = _run_shards(orders, names, arguments)
        _combine_coverage(orders, names)
    facts = [_read(output / f"facts{name}.json") for name in names]
    _remember_seconds(orders, facts)
    failed = [name for each in facts for name in each.get("failed", ())]
    again = None
    if orders["again"] and _FAILED in codes and failed:
        sys.stdout.write(f"==> running once more what failed: {len(failed)}\n")
        sys.stdout.flush()
        chosen = {"by": "names", "names": failed}
        run = _write_run(orders, "-again", select=chosen, coverage=False, alone=True)
        again = _start(run, arguments).wait()
    ends = {"first": codes, "again": again}
    (output / "exit-codes.json").write_text(json.dumps(ends))
    return _worst(codes)


def _run_shards(orders: Orders, names: list[str], arguments: Arguments) -> list[int]:
    seconds = _read(Path(orders["seconds"]))
    processes = []
    for index, name in enumerate(names, start=1):
        select = {"by": "time", "index": index, "total": len(names), "seconds": seconds}
        coverage = orders["coverage"]
        run = _write_run(orders, name, select=select, coverage=coverage, alone=True)
        processes.append(_start(run, arguments, stdout=subprocess.PIPE))
    readers = [
        threading.Thread(target=_pass_on, args=(index, process.stdout))
        for index, process in enumerate(processes, start=1)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return [process.wait() for process in processes]


def _pass_on(index: int, stream: IO[bytes]) -> None:
    for line in iter(stream.readline, b""):
        sys.stdout.buffer.write(b"[%d] %s\n" % (index, line.rstrip(b"\n")))
        sys.stdout.buffer.flush()


def _start(
    run: Path, arguments: Arguments, stdout: int | None = None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *(sys.executable, "-c", _START, str(_SELF)),
            *(json.dumps({"run": str(run)}), *arguments),
        ],
        stdout=stdout,
        stderr=subprocess.STDOUT if stdout is not None else None,
        # No thread is there yet, or any more, when this is done.
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
    )


def _die_with_parent() -> None:
    """Should this process be killed, its tests must not go on without it."""
    import ctypes  # noqa: PLC0415 - not everywhere

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _combine_coverage(orders: Orders, names: list[str]) -> None:
    """Write the reports that a single run would have written."""
    output = Path(orders["output"])
    found = sorted(map(str, output.glob(".coverage-*")))
    if not _has_coverage(orders["coverage"]) or not found:
        return
    settings = _read(output / f"facts{names[0]}.json").get("coverage_config")
    options = [f"--rcfile={settings}"] if settings else []
    options.append(f"--data-file={output / '.coverage'}")
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.call([*coverage, "combine", "--keep", "-q", *options, *found])
    for kind in ("json", "xml"):
        report = ["-o", str(output / f"coverage.{kind}"), "--fail-under=0"]
        subprocess.call([*coverage, kind, "-q", *options, *report])


def _remember_seconds(orders: Orders, facts: list[dict[str, Any]]) -> None:
    """For the next run's shards; a run that was cut short adds what it knows."""
    if orders["seconds"] is None:
        return
    path = Path(orders["seconds"])
    seconds = _read(path)
    for each in facts:
        seconds.update(each.get("seconds", {}))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(seconds))
    draft.replace(path)


def _read(path: Path) -> dict[str, Any]:
    """The JSON object in the file *path*; an empty one where there is none."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _worst(codes: list[int]) -> int:
    """Beyond 1 pytest was interrupted, misused or broken; 5 is nothing collected."""
    broken = [code for code in codes if code not in (0, _FAILED, _NONE_COLLECTED)]
    if broken:
        return broken[0] if broken[0] > 0 else 128 - broken[0]
    if _FAILED in codes:
        return _FAILED
    return _NONE_COLLECTED if set(codes) == {_NONE_COLLECTED} else 0


if __name__ == "__main__":
    sys.exit(main())
