import os
import subprocess
import sys
from pathlib import Path

import pytest

from sluicegate.adapters.keys import FileSigner, KeyDirectory
from sluicegate.adapters.keys_ephemeral import GivenKey, GivenKeyring, take_key
from sluicegate.errors import UsageError

NAME = "log.example/churn"


@pytest.fixture
def line(tmp_path: Path) -> str:
    path = tmp_path / "elsewhere/a.key"
    FileSigner.create(path, NAME)
    return path.read_text()


def python(script: str, environ: dict[str, str], *, fd: int = -1) -> str:
    """What a fresh interpreter prints, in which alone a key can really be taken."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environ},
        pass_fds=() if fd < 0 else (fd,),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def piped(data: bytes) -> int:
    """A descriptor from which *data* can be read."""
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return reading


def test_without_a_key_nothing_is_taken() -> None:
    assert take_key({"PATH": "/bin"}) is None


def test_a_given_key_signs_for_its_log_and_folders_for_others(
    tmp_path: Path, line: str
) -> None:
    folder = KeyDirectory(tmp_path / "keys")
    other = folder.create("log.example/other")
    keys = GivenKeyring(GivenKey(line.strip(), "SLUICE_LOG_KEY"), folder)

    found = keys.find(NAME)

    assert found is not None
    assert found.vkey().startswith(f"{NAME}+")
    assert keys.where(NAME) == "SLUICE_LOG_KEY"
    assert keys.given() is found
    same = keys.find("log.example/other")
    assert same is not None
    assert same.vkey() == other.vkey()
    assert keys.find("log.example") is None
    assert keys.find_key(found.vkey()) is found
    assert keys.where_key(found.vkey()) == "SLUICE_LOG_KEY"
    assert keys.where_key(other.vkey()) == folder.where("log.example/other")
    assert folder.given() is None


def test_a_given_key_is_rotated_where_its_file_is_and_others_here(
    tmp_path: Path, line: str
) -> None:
    folder = KeyDirectory(tmp_path / "keys")
    folder.create("log.example/other")
    keys = GivenKeyring(GivenKey(line.strip(), "SLUICE_LOG_KEY"), folder)

    with pytest.raises(UsageError, match="cannot be rotated from here"):
        keys.prepare(NAME)

    new = keys.prepare("log.example/other").vkey()
    keys.advance(new)
    found = keys.find("log.example/other")
    assert found is not None
    assert found.vkey() == new


@pytest.mark.parametrize("cut", [0, 1, 20, -1, -10])
def test_what_is_no_key_is_refused_unseen(line: str, cut: int) -> None:
    given = GivenKey(line.strip()[:cut], "SLUICE_LOG_KEY")

    with pytest.raises(
        UsageError, match="SLUICE_LOG_KEY holds no signing key"
    ) as error:
        _ = given.signer

    shown = f"{error.value}{error.value.hint}{given!r}"
    assert line[-20:-5] not in shown
    assert NAME not in shown


TAKE = """
import os, sys
from sluicegate.wiring.machine import Machine
machine = Machine()
"""


def test_a_key_in_a_variable_is_gone_from_where_others_could_see_it(line: str) -> None:
    script = TAKE + (
        "assert machine.given_key.line.startswith('PRIVATE')\n"
        "assert Machine().given_key is machine.given_key\n"
        "seen = open('/proc/self/environ', 'rb').read()\n"
        "assert b'SLUICE_LOG_KEY=' in seen, 'the wrong place to look'\n"
        "print('PRIVATE' in repr((seen, dict(os.environ), machine)))"
    )

    assert python(script, {"SLUICE_LOG_KEY": line}) == "False"


def test_a_key_from_a_descriptor_is_read_once_and_the_descriptor_closed(
    line: str,
) -> None:
    reading = piped(line.encode())
    script = TAKE + (
        "print(machine.given_key.signer.vkey().partition('+')[0])\n"
        "print(os.environ.get('SLUICE_LOG_KEY_FD'), machine.given_key)\n"
        f"os.fstat({reading})\n"
    )
    with pytest.raises(AssertionError, match="Bad file descriptor"):
        python(script, {"SLUICE_LOG_KEY_FD": str(reading)}, fd=reading)
    os.close(reading)

    reading = piped(line.encode())
    said = python(
        script.rpartition("os.fstat")[0],
        {"SLUICE_LOG_KEY_FD": str(reading)},
        fd=reading,
    )
    os.close(reading)
    assert said == (f"{NAME}\nNone GivenKey(where='file descriptor {reading}')")


@pytest.mark.parametrize("number", ["", "x", "0", "2", "-1", "9" * 30, "999", "٣"])
def test_what_is_no_descriptor_is_refused(number: str) -> None:
    with pytest.raises(UsageError, match="no descriptor to read a key from"):
        take_key({"SLUICE_LOG_KEY_FD": number})


def test_a_descriptor_with_too_much_is_refused() -> None:
    reading = piped(b"x" * 5000)

    with pytest.raises(UsageError, match="holds no signing key"):
        take_key({"SLUICE_LOG_KEY_FD": str(reading)})


def test_a_key_given_twice_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match="both"):
        take_key({"SLUICE_LOG_KEY": line, "SLUICE_LOG_KEY_FD": "3"})


LOOK = """
for name in environ fd/0; do
  (exec <"/proc/$PPID/$name") 2>/dev/null && echo "$name" || echo refused
done
(exec <"/proc/$PPID/mem") 2>/dev/null && echo mem || echo refused
"""
# Root may look everywhere. Becoming somebody else shuts the doors, too: open them.
AS_NOBODY = """
import ctypes, os, subprocess
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_no_process_of_the_same_user_can_look_into_one_that_has_a_key(
    line: str,
) -> None:
    before = "from sluicegate.wiring.machine import Machine\n" + AS_NOBODY
    look = f"subprocess.run(['/bin/sh', '-c', {LOOK!r}], check=True)"

    said = python(f"{before}Machine()\n{look}", {"SLUICE_LOG_KEY": line})

    assert said.split() == ["refused"] * 3
    # Without a key the door is open: it is the right one.
    assert python(f"{before}Machine()\n{look}", {}).split()[0] == "environ"


def test_a_lent_key_is_not_rotated_and_others_are(line: str, tmp_path: Path) -> None:
    folder = KeyDirectory(tmp_path / "keys")
    keys = GivenKeyring(GivenKey(line.strip(), "SLUICE_LOG_KEY"), folder)
    lent = keys.find(NAME)
    assert lent is not None
    assert keys.where_key(lent.vkey()) == "SLUICE_LOG_KEY"
    assert keys.find_key(lent.vkey()) is lent

    with pytest.raises(UsageError, match="cannot be rotated from here"):
        keys.prepare(NAME)

    old = keys.create("log.example/other").vkey()
    new = keys.prepare("log.example/other").vkey()
    keys.advance(new)
    assert keys.where_key(new) == folder.where("log.example/other")
    assert keys.find_key(old) is not None
    keys.advance(lent.vkey())
    assert folder.find(NAME) is None, "it is kept in no file"
