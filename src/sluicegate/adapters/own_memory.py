"""What other processes of the same user can see of this one, and how to end that.

Source:
    proc_pid_environ(5); PR_SET_DUMPABLE(2const).
"""

from contextlib import suppress

_PR_SET_DUMPABLE = 4


def wipe_variable(name: str) -> None:
    """Overwrite the value of a variable where the kernel shows it.

    What the interpreter has read of it stays.
    """
    import ctypes  # noqa: PLC0415 - slow, and rarely needed

    with suppress(OSError, AttributeError, TypeError):  # Windows shows it to nobody
        system = ctypes.CDLL(None)
        system.getenv.restype = ctypes.c_void_p
        place = system.getenv(name.encode())
        if place:
            ctypes.memset(place, 0, len(ctypes.string_at(place)))


def keep_others_out() -> None:
    """Let no other process of this user read the memory of this one."""
    import ctypes  # noqa: PLC0415 - slow, and rarely needed

    with suppress(OSError, AttributeError, TypeError):  # not Linux
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
