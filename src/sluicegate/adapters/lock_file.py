"""One at a time: a lock that threads of this process and other processes share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_SECONDS = 0.2


@contextmanager
def locked(
    path: Path, *, sleep: Callable[[float], None], on_wait: Callable[[], None]
) -> Iterator[None]:
    """Hold the lock in the file *path*, which is made and left there.

    *sleep* may raise to end the wait: a run that is asked to stop must not wait for
    another run's installation. *on_wait* is called once if somebody else has the lock.

    Raises:
        OSError: the file cannot be opened.
    """
    import fcntl  # noqa: PLC0415 - Windows has none, where commands that run nothing work

    with path.open("w") as file:
        is_waiting = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not is_waiting:
                    on_wait()
                is_waiting = True
                sleep(_POLL_SECONDS)
        yield
