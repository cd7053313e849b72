"""Unit tests of `sluicegate.adapters.stores.git_process`."""

import os
import stat
import sys
from pathlib import Path

import pytest
from log_stores import git, make_checkout

from sluicegate.adapters.stores.git_process import GitProgram
from sluicegate.errors import PermanentError

SHOW = f"!{sys.executable} -c 'import os; print(sorted(os.environ.items()))'"


def environment(given: dict[str, str], folder: Path) -> str:
    """What a program that git starts has as its environment."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), **given}
    program = GitProgram(environ, folder, (("alias.told", SHOW),))
    return program.ask("told").text


def test_git_knows_no_other_repository_and_none_of_our_secrets(tmp_path: Path) -> None:
    told = environment(
        {
            "GIT_DIR": "/elsewhere/dir",
            "GIT_INDEX_FILE": "/elsewhere/index",
            "GIT_WORK_TREE": "/elsewhere/tree",
            "GIT_TRACE_CURL": "/elsewhere/trace",
            "SLUICE_LOG_KEY": "the-key",
            "SSH_ASKPASS": "/elsewhere/window",
            "GIT_SSH_COMMAND": "ssh -i mine",
            "GH_TOKEN": "for-the-credential-helper",
        },
        tmp_path,
    )

    assert "elsewhere" not in told
    assert "the-key" not in told
    assert "ssh -i mine" in told
    assert "for-the-credential-helper" in told
    assert "('GIT_TERMINAL_PROMPT', '0')" in told


def test_settings_that_came_with_the_environment_are_kept_but_do_not_win(
    tmp_path: Path,
) -> None:
    given = {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "http.extraheader",
        "GIT_CONFIG_VALUE_0": "Authorization: given",
        "GIT_CONFIG_KEY_1": "core.hookspath",
        "GIT_CONFIG_VALUE_1": "/hooks",
    }
    program = GitProgram({**os.environ, **given}, tmp_path, (("a.b", "c"),))

    assert program.ask("config", "http.extraheader").text == "Authorization: given"
    assert program.ask("config", "core.hookspath").text == os.devnull
    assert program.ask("config", "a.b").text == "c"


def test_no_hook_of_the_user_is_run(tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path / "project")
    hook = checkout / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    git("update-ref", "refs/heads/a", "HEAD", cwd=checkout)
    assert (tmp_path / "ran").exists()
    (tmp_path / "ran").unlink()

    GitProgram(os.environ, checkout).ask("update-ref", "refs/heads/b", "HEAD")

    assert not (tmp_path / "ran").exists()


def test_what_takes_too_long_is_ended_with_all_it_has_started(tmp_path: Path) -> None:
    # Whatever outlived git would keep the pipes open, and `run` would not return.
    settings = (("alias.wait", "!sleep 600 & sleep 600"),)
    program = GitProgram(os.environ, tmp_path, settings)

    said = program.run("wait", seconds=1)

    assert said.exit_code < 0
    assert said.reason == "not ended in 1 s"


def test_a_failure_says_why_in_one_line_and_without_passwords(tmp_path: Path) -> None:
    program = GitProgram(os.environ, tmp_path)
    with pytest.raises(PermanentError, match=r"^git rev-parse: fatal: [^\n]*$"):
        program.ask("rev-parse", "--verify", "nothing")

    said = program.run("ls-remote", "file://user:hunter22x@/nowhere")
    assert said.exit_code
    assert "hunter22x" not in said.reason


def test_a_machine_without_git_is_told_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="cannot start git") as caught:
        GitProgram({"PATH": str(tmp_path)}, tmp_path).run("version")

    assert "install git" in str(caught.value.hint)
