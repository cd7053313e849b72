"""One at a time: locks that threads of this process and other processes share.

All locks are flock(2): they end with whoever holds them, however that ends. They are
the only users of `fcntl`, which Windows lacks; whatever needs a lock is refused there,
and commands that only read need none.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sluicegate.errors import UsageError

_POLL_SECONDS = 0.2


@contextmanager
def locked(
    path: Path, *, sleep: Callable[[float], object], on_wait: Callable[[], None]
) -> Iterator[None]:
    """Hold the lock in the file *path*, which is made and left there.

    *sleep* may raise to end the wait: a run that is asked to stop must not wait for
    another run's installation. *on_wait* is called once if somebody else has the lock.

    Raises:
        OSError: the file cannot be opened.
    """
    with path.open("w") as file:
        is_waiting = False
        while not try_lock(file.fileno()):
            if not is_waiting:
                on_wait()
            is_waiting = True
            sleep(_POLL_SECONDS)
        yield


def try_lock(file: int, *, shared: bool = False) -> bool:
    """Lock an open file until it is closed; False if somebody else has it.

    A *shared* lock keeps out only those who want it for themselves.

    Raises:
        OSError: the file system has no locks.
        UsageError: this machine has none.
    """
    try:
        import fcntl  # noqa: PLC0415 - Windows has none, and must be able to read
    except ImportError:
        raise UsageError(
            "this needs file locks, which Windows does not have as they are needed",
            hint="use Linux, macOS or WSL; commands that only read work here",
        ) from None
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
