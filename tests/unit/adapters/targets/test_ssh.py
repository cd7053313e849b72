"""What another host and ssh say, and what is made of it."""

import shlex
import subprocess
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.targets.ssh_scripts import command, skip_greeting
from sluicegate.adapters.targets.ssh_survey import Survey
from sluicegate.adapters.targets.ssh_words import ssh_error
from sluicegate.errors import ExternalError, PermanentError, TransientError

HOST = "ssh://deploy@serving"
SAID = b"user=1000:998\nname=deploy\nstate=/home/deploy/.local/state\n"
DOCKER = b"docker=/var/run/docker.sock\ndenied=\nlacks=\nready=\n"


def survey(said: bytes) -> Survey:
    found = Survey.read(said.splitlines())
    assert found is not None
    return found


def test_a_host_with_an_engine_will_do() -> None:
    found = survey(SAID + DOCKER)
    found.check(HOST)
    assert (found.user, found.docker) == ("1000:998", "/var/run/docker.sock")


@pytest.mark.parametrize("length", range(6))
def test_a_host_that_breaks_off_has_said_nothing(length: int) -> None:
    assert Survey.read((SAID + DOCKER).splitlines()[:length]) is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"docker=\ndenied=/d.sock\nlacks=\nready=\n", "usermod -aG docker deploy"),
        (b"docker=\ndenied=\nlacks=\nready=\n", "no Docker engine for deploy"),
        (b"docker=/d\ndenied=\nlacks=flock\nready=\n", "lacks programs"),
    ],
)
def test_what_a_host_lacks_is_said(said: bytes, words: str) -> None:
    with pytest.raises(PermanentError) as caught:
        survey(SAID + said).check(HOST)
    assert words in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("Host key verification failed.", PermanentError, "is not known"),
        (
            "REMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.",
            PermanentError,
            "somebody may be in between",
        ),
        ("deploy@serving: Permission denied (publickey).", PermanentError, "let this"),
        ("ssh: Could not resolve hostname serving", PermanentError, "no host"),
        ("ssh: connect to host serving port 22: refused", TransientError, "refused"),
        ("", TransientError, "without a word"),
    ],
)
def test_what_ssh_says_has_a_meaning(
    said: str, kind: type[ExternalError], words: str
) -> None:
    error = ssh_error(HOST, said)
    assert type(error) is kind
    assert words in str(error)
    assert "deploy@serving" in str(error)


def test_the_hint_is_a_command_that_can_be_typed() -> None:
    error = ssh_error("ssh://deploy@serving:2222", "Permission denied (publickey).")
    assert "`ssh -p 2222 deploy@serving -o BatchMode=yes true`" in str(error.hint)
    assert "ssh://" not in f"{error} {error.hint}"  # which would be masked


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"))))
def test_arguments_arrive_as_they_are(arguments: list[str]) -> None:
    script = 'for each; do printf "%s\\0" "$each"; done'
    line = command(script, *arguments)
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=True)
    output = BytesIO(b"a greeting\n" + done.stdout)
    assert skip_greeting(output)
    assert output.read() == b"".join(each.encode() + b"\0" for each in arguments)
    assert shlex.split(line)[0] == "sh"


def test_a_shell_that_only_greets_has_run_nothing() -> None:
    assert not skip_greeting(BytesIO(b"welcome\nfound\n"))
