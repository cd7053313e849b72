import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_github import State, serve

from sluicegate.errors import UsageError
from sluicegate.wiring.github.host import HostPlace, find_place, open_host
from sluicegate.wiring.machine import Machine

OURS, USUAL, OTHER, ENTERPRISE = "t-ours", "t-usual", "t-gh", "t-enterprise"
OWN = {"SLUICE_GITHUB_TOKEN": OURS}
ORIGIN = "https://github.com/acme/app.git"
API = "https://api.github.com"
GHE = "https://ghe.example/acme/app"


@pytest.mark.parametrize(
    ("environ", "remote", "expected"),
    [
        ({}, ORIGIN, None),
        ({"SLUICE_GITHUB_TOKEN": " "}, ORIGIN, None),
        (OWN, None, None),
        (OWN, ORIGIN, (API, "acme/app", OURS)),
        (OWN, "git@github.com:acme/app.git", (API, "acme/app", OURS)),
        (OWN, "ssh://git@github.com/acme/app", (API, "acme/app", OURS)),
        (OWN, "ssh://git@ssh.github.com:443/acme/app.git", (API, "acme/app", OURS)),
        (OWN, "https://GitHub.com/acme/app/", (API, "acme/app", OURS)),
        ({"GITHUB_TOKEN": USUAL, "GH_TOKEN": OTHER}, ORIGIN, (API, "acme/app", USUAL)),
        ({**OWN, "GITHUB_TOKEN": USUAL}, ORIGIN, (API, "acme/app", OURS)),
        ({"GH_TOKEN": OTHER}, ORIGIN, (API, "acme/app", OTHER)),
        ({"GH_TOKEN": f" {OTHER}\n"}, ORIGIN, (API, "acme/app", OTHER)),
        ({**OWN, "GITHUB_REPOSITORY": "acme/b"}, ORIGIN, (API, "acme/b", OURS)),
        ({**OWN, "GITHUB_REPOSITORY": "acme/b"}, None, (API, "acme/b", OURS)),
        (
            {"GH_TOKEN": OTHER},
            "git@acme.ghe.com:acme/app.git",
            ("https://api.acme.ghe.com", "acme/app", OTHER),
        ),
        pytest.param(
            {"GITHUB_TOKEN": USUAL, "GH_ENTERPRISE_TOKEN": ENTERPRISE, **OWN},
            GHE,
            None,
            id="a host that only the remote names gets no token",
        ),
        pytest.param(
            {"GITHUB_TOKEN": USUAL, "GH_HOST": "ghe.example"},
            GHE,
            None,
            id="the token for the public host goes to no other",
        ),
        (
            {"GH_ENTERPRISE_TOKEN": ENTERPRISE, "GH_HOST": "ghe.example"},
            GHE,
            ("https://ghe.example/api/v3", "acme/app", ENTERPRISE),
        ),
        (
            {"GITHUB_TOKEN": USUAL, "GITHUB_API_URL": "https://ghe.example/api/v3/"},
            GHE,
            ("https://ghe.example/api/v3", "acme/app", USUAL),
        ),
        (
            {
                **OWN,
                "GITHUB_API_URL": "http://127.0.0.1:80",
                "GITHUB_REPOSITORY": "a/b",
            },
            None,
            ("http://127.0.0.1:80", "a/b", OURS),
        ),
        (OWN, "/srv/git/app.git", None),
        (OWN, "file:///srv/git/app.git", None),
        (OWN, "C:\\git\\app", None),
        (OWN, "https://github.com/acme", None),
        (OWN, "https://github.com/acme/app/tree/main", None),
        (OWN, "https://github.com.evil.example/acme/app", None),
        (OWN, "https://github.com/acme/..", None),
        (OWN, "https://[::1/acme/app", None),
    ],
)
def test_the_host_and_its_token_are_found(
    environ: dict[str, str], remote: str | None, expected: tuple[str, str, str] | None
) -> None:
    place = find_place(environ, remote)

    assert place == (None if expected is None else HostPlace(*expected))


@pytest.mark.parametrize(
    ("environ", "match"),
    [
        ({"GITHUB_REPOSITORY": "acme"}, "owner/name"),
        ({"GITHUB_REPOSITORY": "acme/../../user"}, "owner/name"),
        ({"GITHUB_REPOSITORY": "acme/.."}, "owner/name"),
        ({"GITHUB_REPOSITORY": "acme/a b"}, "owner/name"),
        ({"GITHUB_API_URL": "http://ghe.example/api/v3"}, "without encryption"),
        ({"GITHUB_API_URL": "ftp://ghe.example"}, "no address"),
        ({"GITHUB_API_URL": "api.github.com"}, "no address"),
        ({"GITHUB_API_URL": "https://"}, "no address"),
        ({"GITHUB_API_URL": "https://h:99999"}, "no address"),
        ({"GITHUB_API_URL": "https://u:p@ghe.example"}, "more than an address"),
        ({"GITHUB_API_URL": "https://ghe.example/?x=1"}, "more than an address"),
        ({"SLUICE_GITHUB_TOKEN": "two words"}, "holds no token"),
        ({"SLUICE_GITHUB_TOKEN": "a\nb"}, "holds no token"),
        ({"SLUICE_GITHUB_TOKEN": "tök"}, "holds no token"),
        ({"SLUICE_GITHUB_TOKEN": "x" * 5000}, "holds no token"),
    ],
)
def test_what_makes_no_sense_is_refused_unseen(
    environ: dict[str, str], match: str
) -> None:
    with pytest.raises(UsageError, match=match) as error:
        find_place({**OWN, "GITHUB_REPOSITORY": "acme/app", **environ}, None)

    shown = f"{error.value} {error.value.hint}"
    assert OURS not in shown
    assert environ.get("SLUICE_GITHUB_TOKEN", OURS) not in shown


def test_a_place_does_not_show_its_token() -> None:
    assert OURS not in repr(HostPlace(API, "acme/app", OURS))
    assert OURS not in repr(Machine(environ=OWN))


def test_the_host_is_asked_with_that_token() -> None:
    with serve(State()) as github:
        environ = {
            "SLUICE_GITHUB_TOKEN": github.token,
            "GITHUB_API_URL": github.url,
            "GITHUB_REPOSITORY": "acme/shop",
        }
        host = open_host(Machine(environ=environ))
        assert host is not None
        assert host.repository().number == 7001


TAKE = """
import os, sys
from sluicegate.wiring.machine import Machine
machine = Machine()
assert machine.environ["SLUICE_GITHUB_TOKEN"] == "t-0urs-0123456789"
assert Machine().environ["SLUICE_GITHUB_TOKEN"] == "t-0urs-0123456789"
"""
GIVEN = {
    "SLUICE_GITHUB_TOKEN": "t-0urs-0123456789",
    "GITHUB_TOKEN": "t-usual-0123456789",
    "GH_TOKEN": "t-gh-0123456789",
}


def python(script: str, environ: dict[str, str]) -> str:
    """What a fresh interpreter prints, in which alone a token can really be taken."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environ},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_a_token_is_gone_from_where_others_could_see_it() -> None:
    script = TAKE + (
        "seen = open('/proc/self/environ', 'rb').read()\n"
        "assert b'SLUICE_GITHUB_TOKEN=' in seen, 'the wrong place to look'\n"
        "print(b'0123456789' in seen, 'SLUICE_GITHUB_TOKEN' in os.environ,"
        " '0123456789' in repr(machine))"
    )

    assert python(script, GIVEN) == "False False False"


def test_no_program_that_is_started_gets_a_token() -> None:
    script = TAKE + (
        "from datetime import timedelta\n"
        "from sluicegate.model.command import Command\n"
        "command = Command(('/bin/sh', '-c', 'env; cat /proc/$PPID/environ'), '/',"
        " timedelta(seconds=30))\n"
        "said = machine.process.run(command, lambda line: None)\n"
        "assert b'PATH=' in said.stdout\n"
        "print(b'0123456789' in said.stdout)"
    )

    assert python(script, GIVEN) == "False"


def test_a_token_is_masked_wherever_something_is_shown() -> None:
    script = TAKE + (
        "from sluicegate.adapters.masking import Masks\n"
        "from sluicegate.wiring.masking import build_machine_redactor\n"
        "text = 'it was t-0urs-0123456789 and t-usual-0123456789'\n"
        "redact = build_machine_redactor(machine).text\n"
        "print('0123456789' in Masks(machine.environ, None).text(text) + redact(text))"
    )

    assert python(script, GIVEN) == "False"


def test_to_open_a_host_loads_no_client() -> None:
    script = (
        "import sys\n"
        "from sluicegate.wiring.machine import Machine\n"
        "from sluicegate.wiring.github.host import open_host\n"
        "machine = Machine()\n"
        "assert open_host(machine, remote='https://github.com/acme/app') is not None\n"
        "print(sorted({'github', 'requests', 'urllib3'} & set(sys.modules)))"
    )

    assert (
        python(script, {"GITHUB_API_URL": "", "GITHUB_REPOSITORY": "", **GIVEN}) == "[]"
    )
