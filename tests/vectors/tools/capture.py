"""Capture what the real tools say, as test vectors.

    python capture.py ADVISORIES.whl     # with docker and trivy on PATH

Each case is a folder: ``steps.json`` lists the steps with command line and exit code;
``N.stdout``, ``N.stderr`` and ``N.<file>`` hold what step N wrote. The project lies in
``/tmp/sluicegate-vectors/project``, whatever the case; ADVISORIES.whl is PyPI's
safety-db 2021.7.17, see ``tests/e2e/trivydb/build.py``. The image
``sluicegate-base:test`` can be any Debian. Where Python lies and what the machine is
called is replaced.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2] / "src")]

from e2e.trivydb.build import build as build_database  # noqa: E402
from stage_harness import make_context, run_steps  # noqa: E402

from sluicegate.adapters.process import SubprocessRunner  # noqa: E402
from sluicegate.adapters.stop import StopRequest  # noqa: E402
from sluicegate.adapters.tools import Tools  # noqa: E402
from sluicegate.model.digest import Digest  # noqa: E402
from sluicegate.stages.docker_build import DockerBuildStage  # noqa: E402
from sluicegate.stages.pytest import PytestStage  # noqa: E402
from sluicegate.stages.ruff import RuffStage  # noqa: E402
from sluicegate.stages.stage import CommandStage  # noqa: E402
from sluicegate.stages.trivy import TrivyStage  # noqa: E402

ROOT = Path("/tmp/sluicegate-vectors")  # noqa: S108 - the same on every machine
PROJECT, OUTPUT, CACHE = ROOT / "project", ROOT / "output", ROOT / "cache"
IMAGE = "sluicegate-test/vectors"
PACKAGE = str(HERE.parents[2] / "src" / "sluicegate")

Files = Mapping[str, str]

RUFF = RuffStage(uses="ruff")
CLEAN = '"""A module."""\n\nANSWER = 42\n'
LINT: Mapping[str, Files] = {
    "clean": {"clean.py": CLEAN},
    "findings": {
        "a.py": CLEAN + "import os\n",
        "pkg/b.py": "def f( x ):\n    return y\n",
    },
    "syntax-error": {"a.py": "x   = 1\n", "broken.py": "def f(:\n"},
    "no-files": {"README": "nothing\n"},
    "bad-settings": {"ruff.toml": "line-length = 'long'\n", "clean.py": CLEAN},
}
MIXED = """\
import pytest


@pytest.fixture
def lost():
    raise RuntimeError("no database")


class TestGroup:
    def test_good(self):
        assert 1 + 1 == 2

    @pytest.mark.parametrize("value", [3, 4])
    def test_bad(self, value):
        assert value == 4, "three is not four"


def test_error(lost):
    pass


@pytest.mark.skip(reason="not today")
def test_skipped():
    pass


@pytest.mark.xfail
def test_expected():
    assert False
"""
TESTS: Mapping[str, Files] = {
    "mixed": {"tests/test_mixed.py": MIXED},
    "none": {"module.py": "x = 1\n"},
    "import-error": {"test_lost.py": "import nowhere_to_be_found\n"},
    "dies": {
        "test_dies.py": "import os\ndef test_it():\n    os.kill(os.getpid(), 11)\n"
    },
    "coverage": {
        "requirements-dev.txt": "pytest\npytest-cov\n",
        "module.py": "def f():\n    return 1\n\n\ndef g():\n    return 2\n",
        "test_it.py": "import module\n\n\ndef test_it():\n    assert module.f() == 1\n",
    },
}
BUILDS: Mapping[str, Files] = {
    "built": {
        "Dockerfile": "FROM sluicegate-base:test\nENV KEY=hush\nRUN echo hello\n"
    },
    "failing": {
        "Dockerfile": "FROM sluicegate-base:test\nRUN echo 'dial tcp: bad' && exit 3\n"
    },
    "no-registry": {"Dockerfile": "FROM registry.invalid/nothing:1\n"},
    "scratch": {  # the last one: it is scanned
        "Dockerfile": "FROM scratch\nENV DB_PASSWORD=swordfish\nCOPY lib /lib\n",
        "lib/PyYAML-5.3.dist-info/METADATA": (
            "Metadata-Version: 2.1\nName: PyYAML\nVersion: 5.3\nLicense: MIT\n"
        ),
    },
}

VEX = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "https://example.com/vex/1",
    "author": "example",
    "timestamp": "2026-02-01T00:00:00Z",
    "version": 1,
    "statements": [
        {
            "vulnerability": {"name": "CVE-2020-14343"},
            "products": [{"@id": "pkg:pypi/pyyaml@5.3"}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
        },
        {
            "vulnerability": {"name": "CVE-2020-1747"},
            "products": [{"@id": "pkg:pypi/pyyaml@5.3"}],
            "status": "not_affected",  # and no word on why
        },
    ],
}


def main() -> None:
    """Capture every case anew."""
    shutil.rmtree(ROOT, ignore_errors=True)
    for case, files in LINT.items():
        capture(f"ruff-{case}", RUFF, files)
    for case, files in TESTS.items():
        capture(f"pytest-{case}", PytestStage(uses="pytest"), files)
    build = DockerBuildStage(uses="docker-build", image=IMAGE)
    for case, files in BUILDS.items():
        capture(f"docker-{case}", build, files)
    image_id = docker("image", "inspect", "--format", "{{.Id}}", f"{IMAGE}:v1.2.0")
    capture_scans(Path(sys.argv[1]), image_id)
    docker("image", "rm", "--force", image_id)
    shutil.rmtree(ROOT)


def capture_scans(advisories: Path, image_id: str) -> None:
    """Scan a project with one of everything, and one without a database."""
    build_database(advisories, CACHE / "trivy", datetime(2026, 2, 27, 12, tzinfo=UTC))
    files = {
        "requirements.txt": "PyYAML==5.3\nurllib3==1.26.0\n",
        "Dockerfile": "FROM sluicegate-base:test\nENV SECRET_TOKEN=swordfish\n",
        # Put together here, so that nobody takes this file for a leak.
        "settings.py": f'HINT = "hunter2"\naws_access_key_id = "AKIA{"QX7Z" * 4}"\n',
    }
    trivy = TrivyStage(
        uses="trivy", cache_dir=str(CACHE / "trivy"), offline=True, image=True
    )
    capture("trivy-everything", trivy, files, image_id=image_id)
    vex = {"vex.json": json.dumps(VEX)}
    explained = TrivyStage.model_validate(
        {**trivy.model_dump(exclude_defaults=True), "licenses": True, "vex": [*vex]}
    )
    capture("trivy-explained", explained, {**files, **vex}, image_id=image_id)
    empty = trivy.model_copy(update={"cache_dir": str(CACHE / "none"), "image": False})
    capture("trivy-no-database", empty, files)


def capture(
    case: str, stage: CommandStage, files: Files, *, image_id: str | None = None
) -> None:
    """Run *stage* on a project of *files* and write down what came out."""
    for folder in (PROJECT, OUTPUT):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for name, text in files.items():
        (PROJECT / name).parent.mkdir(parents=True, exist_ok=True)
        (PROJECT / name).write_text(text)
    runner = SubprocessRunner(StopRequest(), os.environ)
    tools = Tools(PROJECT, CACHE, runner, os.environ)
    context = make_context(str(PROJECT), str(OUTPUT))
    context = replace(
        context,
        tools={name: tools.find(name) for name in stage.tools()},
        images=(Digest.parse(image_id),) if image_id else (),
        files={name: files[name].encode() for name in stage.reads() if name in files},
    )
    plan = stage.plan(context)
    folder = HERE / case
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    steps = []
    for number, done in enumerate(run_steps(plan, runner, OUTPUT)):
        step = next(step for step in plan if step.name == done.name)
        argv = [Path(step.command.argv[0]).name, *step.command.argv[1:]]
        for tool in context.tools.values():  # where it lies here
            argv = [part.replace(tool.argv[0], tool.name) for part in argv]
        argv = [part.replace(PACKAGE, "/sluicegate") for part in argv]
        exit_code = done.result.exit_code
        steps.append({"name": done.name, "argv": argv, "exit_code": exit_code})
        (folder / f"{number}.stdout").write_bytes(scrub(done.result.stdout))
        (folder / f"{number}.stderr").write_bytes(scrub(done.result.stderr))
        for name, data in done.files.items():
            (folder / f"{number}.{name}").write_bytes(scrub(data))
    (folder / "steps.json").write_text(json.dumps(steps, indent=1) + "\n")
    print(case, [step["exit_code"] for step in steps])


def scrub(data: bytes) -> bytes:
    """Take out what belongs to this machine only."""
    for private, public in ((sys.base_prefix, "/usr"), (platform.node(), "host")):
        data = data.replace(private.encode(), public.encode())
    return re.sub(rb"on [0-9.]+:53\b", b"on 192.0.2.53:53", data)


def docker(*arguments: str) -> str:
    """Ask the Docker client on PATH that works."""
    done = subprocess.run(
        ["docker", *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
