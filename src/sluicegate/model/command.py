"""Programs to run, and what came of running them."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run. ``argv`` is never passed through a shell.

    ``cwd`` is an absolute path. ``env`` is added to the (stripped) environment of this
    process. ``timeout`` ends the whole process group.
    """

    argv: tuple[str, ...]
    cwd: str
    timeout: timedelta
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResourceUsage:
    """What running programs took. None means "not measured", never zero.

    Units: milliseconds of wall clock (monotonic) and of CPU (user and system, all
    descendants that were waited for), bytes of the largest resident process.
    ``read_bytes`` and ``write_bytes`` are what storage had to be asked for and was
    given: not what the kernel had cached, nor pipes and sockets. ``gpu_busy_ms`` is how
    long the GPUs that the programs used were busy, added up, and ``gpu_memory_bytes``
    the most of their memory that the programs held at once.
    """

    wall_ms: int
    cpu_ms: int | None = None
    max_rss_bytes: int | None = None
    read_bytes: int | None = None
    write_bytes: int | None = None
    gpu_busy_ms: int | None = None
    gpu_memory_bytes: int | None = None

    def __add__(self, other: "ResourceUsage") -> "ResourceUsage":
        """Combine the use of two programs that ran one after the other."""
        return ResourceUsage(
            self.wall_ms + other.wall_ms,
            _both(self.cpu_ms, other.cpu_ms, operator.add),
            _both(self.max_rss_bytes, other.max_rss_bytes, max),
            _both(self.read_bytes, other.read_bytes, operator.add),
            _both(self.write_bytes, other.write_bytes, operator.add),
            _both(self.gpu_busy_ms, other.gpu_busy_ms, operator.add),
            _both(self.gpu_memory_bytes, other.gpu_memory_bytes, max),
        )


def _both(
    a: int | None, b: int | None, combine: Callable[[int, int], int]
) -> int | None:
    if a is None or b is None:
        return b if a is None else a
    return combine(a, b)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a program ended.

    ``exit_code`` is negative for the signal that ended it. ``stdout`` and ``stderr``
    are cut to a bounded size by the runner, keeping the end. ``timed_out`` says that
    the runner ended it.
    """

    exit_code: int
    stdout: bytes
    stderr: bytes
    usage: ResourceUsage
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a stage, and the files it is expected to write.

    ``outputs`` are names inside the stage's output directory. A file that is missing
    afterwards is simply absent from the result: the stage decides what that means.
    ``optional`` steps are not run when an earlier step of the stage exited with another
    code than 0. The output of ``quiet`` steps is for machines and not shown.
    """

    name: str
    command: Command
    outputs: tuple[str, ...] = ()
    optional: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step that was run, with the files it wrote, by name."""

    name: str
    result: CommandResult
    files: Mapping[str, bytes] = field(default_factory=dict)
