"""An end to waiting, whatever it is that one waits for."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")
_LOOK_SECONDS = 0.1


def within(
    seconds: float,
    call: Callable[[], _Result],
    meanwhile: Callable[[], None] | None = None,
) -> _Result:
    """What *call* returns or raises, if it does so in time.

    A time limit of a socket ends a wait for the next byte. Who sends one byte at a
    time, or a name server that does not answer, takes longer. What is late goes on in a
    thread that keeps no process alive, and what it returns is lost. What *meanwhile*
    raises, which is called several times a second, ends the wait as well.

    Raises:
        TimeoutError: it takes longer than *seconds*.
    """
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    deadline = time.monotonic() + seconds
    while meanwhile is not None and thread.is_alive() and time.monotonic() < deadline:
        thread.join(min(_LOOK_SECONDS, seconds))
        meanwhile()
    thread.join(max(deadline - time.monotonic(), 0))
    for error in errors:
        raise error
    for result in results:
        return result
    raise TimeoutError(f"no result within {seconds:g} s")
