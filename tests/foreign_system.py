"""`sluice` as if on another system, as far as this one can pretend.

    python foreign_system.py windows|macos ARGUMENT...

What the other system lacks is taken away from the standard library before anything of
ours is imported: modules, functions, ``/proc``, opening relative to a directory.
"""

# ruff: noqa: ANN401, PTH105, PTH112 - stands in for functions of `os` that take anything

import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from typing_extensions import override

_MODULES = {
    "windows": "fcntl resource pwd grp termios tty pty readline syslog",
    "macos": "",
}
_OS = {
    "windows": """
        O_NOFOLLOW O_DIRECTORY O_NONBLOCK O_CLOEXEC O_SYNC chown fchmod fchown fork
        forkpty getegid geteuid getgid getgroups getpgid getpgrp getpriority getsid
        getuid killpg mkfifo nice openpty pidfd_open pipe2 posix_spawn pread preadv
        pwrite pwritev sched_getaffinity sendfile set_blocking setpgid setsid sync
        sysconf uname wait wait3 wait4 waitid
    """,
    "macos": """
        pidfd_open pipe2 posix_fallocate memfd_create sched_getaffinity getrandom
        waitid copy_file_range splice eventfd
    """,
}
_SIGNAL = {
    "windows": """
        SIGKILL SIGHUP SIGQUIT SIGUSR1 SIGUSR2 SIGCHLD SIGPIPE SIGALRM pthread_sigmask
        pidfd_send_signal setitimer alarm pause
    """,
    "macos": "pidfd_send_signal",
}


class _Missing(MetaPathFinder):
    def __init__(self, names: set[str]) -> None:
        self._names = names

    @override
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname in self._names:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def become(system: str) -> None:
    """Take away what *system* lacks."""
    modules = set(_MODULES[system].split())
    for name in modules:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, _Missing(modules))
    for module, names in ((os, _OS), (signal, _SIGNAL)):
        for name in names[system].split():
            if hasattr(module, name):
                delattr(module, name)
    if system == "windows":
        _pretend_windows()
    else:
        _pretend_macos()


def _pretend_windows() -> None:
    def without_dir_fd(function: Callable[..., Any]) -> Callable[..., Any]:
        def checked(*arguments: Any, **named: Any) -> Any:
            if any(named.get(key) is not None for key in named if "dir_fd" in key):
                raise NotImplementedError("dir_fd unavailable on this platform")
            return function(*arguments, **named)

        return checked

    plain_open = os.open

    def open_file(path: Any, *arguments: Any, **named: Any) -> int:
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied", path)
        return plain_open(path, *arguments, **named)

    def rename(source: Any, target: Any) -> None:
        if os.path.lexists(target):
            raise FileExistsError(17, "File exists", target)
        os.replace(source, target)

    def select_sockets(*_arguments: Any) -> Any:
        raise OSError(10038, "an operation was attempted on what is not a socket")

    _replace(os, "open", without_dir_fd(open_file))
    _replace(os, "rename", without_dir_fd(rename))
    for name in ("mkdir", "unlink", "rmdir", "stat", "link"):
        _replace(os, name, without_dir_fd(getattr(os, name)))
    _replace(select, "select", select_sockets)
    _replace(subprocess.Popen, "kill", lambda process: os.kill(process.pid, 9))


def _pretend_macos() -> None:
    def without_proc(function: Callable[..., Any]) -> Callable[..., Any]:
        def checked(path: Any = ".", *arguments: Any, **named: Any) -> Any:
            if str(path).startswith("/proc"):
                raise FileNotFoundError(2, "No such file or directory", path)
            return function(path, *arguments, **named)

        return checked

    class Library(ctypes.CDLL):
        @override
        def __getattr__(self, name: str) -> Any:
            if name == "prctl":
                raise AttributeError(f"symbol {name!r} not found")
            return super().__getattr__(name)

    for name in ("open", "listdir", "scandir", "stat", "readlink"):
        _replace(os, name, without_proc(getattr(os, name)))
    _replace(sys.modules["builtins"], "open", without_proc(open))
    _replace(ctypes, "CDLL", Library)
    del select.epoll


def _replace(module: object, name: str, value: object) -> None:
    setattr(module, name, value)


if __name__ == "__main__":
    become(sys.argv.pop(1))

    from sluicegate.cli import main

    main()
