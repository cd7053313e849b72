"""Ending running programs when this very process is killed and can end nothing itself.

A shell outside of this process's session reads from a pipe which programs run and
which have ended. When this process is gone, however that came, the pipe is at its end,
and the shell kills the groups of what still runs. A program that went on would run
twice once the run is resumed.

Linux could do it with a death signal (prctl(2), PR_SET_PDEATHSIG), but that must be
asked for between fork and exec, in Python code: not safe in a process with several
threads, eight times as slow (6.2 ms a program instead of 0.8 in a process of 100 MB),
unknown to macOS, and only the program itself is reached, not what it has started.
"""

import os
import subprocess  # noqa: TID251 - the guard outlives what ports.process could promise
import threading
import weakref
from contextlib import suppress

from sluicegate.errors import PermanentError

_SCRIPT = r"""
trap '' HUP INT QUIT TERM
live=' ' begun=' '
without() {
  case $1 in
    *" $2 "*) left="${1%% $2 *} ${1#* $2 }" ;;
    *) left=$1 ;;
  esac
}
while read -r what one two; do
  case $what in
    begins) begun="$begun$one " ;;
    runs) live="$live$two "; without "$begun" "$one"; begun=$left ;;
    fails) without "$begun" "$one"; begun=$left ;;
    ends) without "$live" "$one"; live=$left ;;
  esac
done
for pid in $live; do kill -s KILL -- "-$pid"; done
[ "$begun" = ' ' ] || ls -l /proc/[0-9]*/fd | while read -r line; do
  case $line in
    /proc/*/fd:) pid=${line#/proc/} pid=${pid%/fd:} ;;
    *' -> pipe:['*) inode=${line##*\[} inode=${inode%\]}
      case $begun in *" $inode "*)
        kill -s KILL -- "-$pid"; kill -s KILL "$pid" ;;
      esac ;;
  esac
done
"""
"""Between ``begins`` and ``runs``, a millisecond, nobody knows the program's number.
It is found by the pipe of its output then, where there is a ``/proc``, else missed.
"""


class Guard:
    """Kills what runs when this process dies. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pipe: int | None = None

    def begins(self, pipe: int) -> int:
        """A program is about to be started, with *pipe* as its output; returns a name.

        Raises:
            PermanentError: there can be no guard, or it is gone.
        """
        inode = os.fstat(pipe).st_ino
        self._tell(f"begins {inode}")
        return inode

    def runs(self, name: int, pid: int) -> None:
        """The program *name* runs and leads the group *pid*."""
        self._tell(f"runs {name} {pid}")

    def fails(self, name: int) -> None:
        """The program *name* could not be started."""
        self._tell(f"fails {name}")

    def ends(self, pid: int) -> None:
        """Nobody of the group *pid* is left. Call it while that number is taken."""
        with suppress(PermanentError):  # the next program will not be started
            self._tell(f"ends {pid}")

    def _tell(self, line: str) -> None:
        with self._lock:
            if self._pipe is None:
                self._pipe = self._start()
            try:
                os.write(self._pipe, f"{line}\n".encode())
            except OSError as error:
                raise PermanentError(
                    "the guard of the running programs (a process /bin/sh) is gone",
                    hint="did somebody end it? `sluice resume` goes on",
                ) from error

    def _start(self) -> int:
        reading, writing = os.pipe()
        try:
            process = subprocess.Popen(  # noqa: S603 - the script is ours
                ("/bin/sh", "-c", _SCRIPT, "sluicegate-guard"),
                cwd="/",
                env={"PATH": "/usr/bin:/bin"},
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            os.close(writing)
            raise PermanentError(f"cannot start /bin/sh: {error}") from error
        finally:
            os.close(reading)
        weakref.finalize(self, _dismiss, process, writing)
        return writing


def _dismiss(process: "subprocess.Popen[bytes]", pipe: int) -> None:
    os.close(pipe)
    process.wait()
