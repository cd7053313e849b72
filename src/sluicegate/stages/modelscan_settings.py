"""What pickles may import, if the pipeline file lets there be any."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from sluicegate.stages.stage import Settings

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
_HARMLESS_BUILTINS = frozenset(
    {
        *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int"),
        *("list", "object", "range", "set", "slice", "str", "tuple"),
    }
)
_NEVER = frozenset(
    {
        *("os", "posix", "nt", "subprocess", "sys", "shutil", "socket", "pty", "runpy"),
        *("importlib", "imp", "pickle", "_pickle", "pickletools", "marshal", "types"),
        *("code", "codeop", "ctypes", "functools", "operator", "_operator", "pip"),
        *(
            "webbrowser",
            "bdb",
            "pdb",
            "timeit",
            "cProfile",
            "profile",
            "trace",
            "cloudpickle",
        ),
        *(
            "dill",
            "joblib",
            "asyncio",
            "multiprocessing",
            "pydoc",
            "doctest",
            "commands",
        ),
        *(
            "ssl",
            "http",
            "urllib",
            "requests",
            "httplib",
            "aiohttp",
            "venv",
            "ensurepip",
        ),
    }
)


def check_path(value: str) -> str:
    """Refuse patterns, and ways out of the project."""
    parts = value.rstrip("/").split("/")
    if any(part in {"", ".", ".."} for part in parts):
        raise ValueError("must be a path within the project, like model/")
    if any(letter in value for letter in "*?["):
        raise ValueError("must be one path, without patterns: name the folder")
    return "/".join(parts)


def _check_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must be one whole name, like collections.OrderedDict")
    module, _, name = value.rpartition(".")
    first = module.partition(".")[0]
    if module in {"builtins", "__builtin__"} and name in _HARMLESS_BUILTINS:
        return value
    if first in _NEVER or first in {"builtins", "__builtin__"}:
        raise ValueError("leads to any code at all; it cannot be allowed")
    return value


class PickleSettings(Settings):
    """Pickles are let in by what they import."""

    allow: tuple[Annotated[str, AfterValidator(_check_name)], ...] = Field(
        description="Names that pickles may import, each whole, as module.name."
    )
