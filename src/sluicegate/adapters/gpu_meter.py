"""What a program and all that it started took of NVIDIA's GPUs, by ``nvidia-smi``.

It is asked now and then while a program runs that takes longer than a second, if it is
there. What it does decides nothing: one that fails, hangs or prints nonsense is not
asked again, and what was not measured is None.

Source:
    ``nvidia-smi --help-query-compute-apps`` and ``--help-query-gpu``: memory in MiB;
    ``utilization.gpu`` is the percentage of the past second or less in which at least
    one kernel was running, of whatever process.
"""

import os
import shutil
import signal
import subprocess  # noqa: TID251 - ports.process would measure this, too
import threading
import time
from collections.abc import Mapping
from contextlib import suppress

from sluicegate.adapters.proc_files import living_of

_APPS = "--query-compute-apps=gpu_uuid,pid,used_gpu_memory"
_GPUS = "--query-gpu=uuid,utilization.gpu"
_FORMAT = "--format=csv,noheader,nounits"
_MIB = 1 << 20
_LET_GO_SECONDS = 0.2
_MOST_ANSWER_BYTES = 1 << 20


class NvidiaSmi:
    """The program ``nvidia-smi`` of *environ*. Safe to use from several threads.

    A program that is watched is asked about after *first_seconds*, then always after
    *between_seconds*. An answer has to come within *answer_seconds*.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        first_seconds: float = 1.0,
        between_seconds: float = 2.0,
        answer_seconds: float = 5.0,
    ) -> None:
        self.first_seconds = first_seconds
        self.between_seconds = between_seconds
        self.answer_seconds = answer_seconds
        self._environ = environ
        self._path = shutil.which("nvidia-smi", path=environ.get("PATH", os.defpath))

    def is_there(self) -> bool:
        """Whether it is installed, and has not been given up."""
        return self._path is not None

    def watch(self, group: int) -> "GpuMeter | None":
        """Measure the process group *group* from now on, if that can be done."""
        return GpuMeter(self, group) if self.is_there() else None

    def give_up(self) -> None:
        """Ask it no more."""
        self._path = None

    def ask(self, query: str) -> "subprocess.Popen[bytes] | None":
        """Begin to ask; None if it cannot be started, or is not asked any more."""
        if self._path is None:
            return None
        try:
            return subprocess.Popen(  # noqa: S603 - found as every other tool is
                (self._path, query, _FORMAT),
                env=dict(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError):
            return None


class GpuMeter:
    """Asks for one process group, in a thread of its own, until it is told to `end`."""

    def __init__(self, program: NvidiaSmi, group: int) -> None:
        self._program = program
        self._group = group
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._asked: subprocess.Popen[bytes] | None = None
        self._busy_ms: float | None = None
        self._memory: int | None = None
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def end(self) -> tuple[int | None, int | None]:
        """Ask no more; how long GPUs were busy, in ms, and the most memory, in bytes.

        None is what could not be measured, as of a program that was seen on no GPU. A
        question under way is given up: nobody waits for the answer. One that cannot
        even be killed, as it hangs in its driver, is not asked again.
        """
        self._over.set()
        with self._lock:
            if self._asked is not None:
                _kill(self._asked)
        self._thread.join(_LET_GO_SECONDS)
        if self._thread.is_alive():  # each of the next would take as long again
            self._program.give_up()
        busy_ms, memory = self._busy_ms, self._memory
        return None if busy_ms is None else round(busy_ms), memory

    def _follow(self) -> None:
        before, pause = time.monotonic(), self._program.first_seconds
        while not self._over.wait(pause):
            now, pause = time.monotonic(), self._program.between_seconds
            try:
                self._measure((now - before) * 1000)
            except (OSError, ValueError, subprocess.TimeoutExpired):
                if not self._over.is_set():
                    self._program.give_up()
                return
            before = now

    def _measure(self, since_ms: float) -> None:
        """Look once; *since_ms* have passed since the last time.

        Raises:
            OSError: it fails.
            ValueError: it does not say what it should.
            TimeoutExpired: it hangs.
        """
        members = set(living_of(self._group))
        rows = [row for row in self._rows(_APPS, 3) if int(row[1]) in members]
        if not rows:
            return
        held = [int(memory) * _MIB for _, _, memory in rows if memory.isdigit()]
        if held:
            self._memory = max(sum(held), self._memory or 0)
        used = {gpu for gpu, _, _ in rows}
        percent = [
            int(share)
            for gpu, share in self._rows(_GPUS, 2)
            if gpu in used and share.isdigit()
        ]
        if percent:
            busy_ms = sum(min(each, 100) for each in percent) * since_ms / 100
            self._busy_ms = (self._busy_ms or 0.0) + busy_ms

    def _rows(self, query: str, width: int) -> list[list[str]]:
        answer = self._ask(query).decode("ascii", errors="replace")
        rows = [line.split(", ") for line in answer.splitlines() if line.strip()]
        if any(len(row) != width for row in rows):
            raise ValueError("not what was asked for")
        return rows

    def _ask(self, query: str) -> bytes:
        with self._lock:
            asked = None if self._over.is_set() else self._program.ask(query)
            self._asked = asked
        if asked is None:
            raise OSError("it cannot be asked")
        try:
            answer, _ = asked.communicate(timeout=self._program.answer_seconds)
        finally:
            with self._lock:
                self._asked = None
            _kill(asked)
            if asked.stdout is not None:
                asked.stdout.close()
            with suppress(subprocess.TimeoutExpired):
                asked.wait(_LET_GO_SECONDS)  # one that hangs in its driver never ends
        if asked.returncode != 0 or len(answer) > _MOST_ANSWER_BYTES:
            raise OSError("it failed")
        return answer


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # a wrapper's child, too
