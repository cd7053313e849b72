"""Removing the container when this very process is killed and can remove nothing.

A shell outside of this process's session reads from a pipe. When this process is gone,
however that came, the pipe is at its end, and the shell removes what it started.
"""

import os
import subprocess  # noqa: TID251 - the shell outlives what a port could promise
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

_SCRIPT = r"""
trap '' HUP INT QUIT TERM
name=$1; shift
exec 3<&0
(
  read -r word <&3
  [ "$word" = done ] && exit 0
  for _ in 1 2 3 4 5 6; do
    "$@" rm --force --volumes "$name"
    "$@" network rm "$name"
    sleep 0.5
  done
) &
"""
"""More than once: the engine may just have been told to make it. It is nobody's child,
so that nobody has to wait for it.
"""


@contextmanager
def reaping(docker: Sequence[str], name: str) -> Iterator[None]:
    """Have the container and the network *name* removed if this process is killed.

    Whoever leaves by itself, with an error or without, has removed them before.
    """
    reading, writing = os.pipe()
    try:
        subprocess.run(  # noqa: S603 - the script is ours
            ("/bin/sh", "-c", _SCRIPT, "sluicegate-smoke-reaper", name, *docker),
            cwd="/",
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            check=True,
        )
    except BaseException:
        os.close(writing)
        raise
    finally:
        os.close(reading)
    try:
        yield
        with suppress(OSError):
            os.write(writing, b"done\n")
    finally:
        os.close(writing)  # without a word: perhaps not all could be removed
