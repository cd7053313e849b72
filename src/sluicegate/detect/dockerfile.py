"""What a Dockerfile says of the service in it: its port, its health, what it copies.

Only the last stage counts: the image is made of it. Instructions are read as far as
detection needs them; what is not understood is left alone, never guessed.

Source:
    https://docs.docker.com/reference/dockerfile/
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_CONTINUED = re.compile(r"\\[ \t]*\n(?:[ \t]*#[^\n]*\n)*")
_HEREDOC = re.compile(
    r"(<<-?[\"']?(\w+)[\"']?[^\n]*)\n(?:.*\n)*?[ \t]*\2[ \t]*(?=\n|\Z)"
)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")
_ASSIGNED = re.compile(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)")
_FLAG = re.compile(
    r"(?:--(?:server[.-])?port[ =]|(?:--bind|-b)[ =](?:\[?[\w.:*-]*\]?):|-p )"
    r"[\"']?(\d{1,5})\b"
)
_URL = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\w+))?(/[\w./-]*)",
    re.ASCII,
)
_USUAL = (
    ("gunicorn", 8000),
    ("uvicorn", 8000),
    ("fastapi", 8000),
    ("hypercorn", 8000),
    ("streamlit", 8501),
    ("flask", 5000),
    ("bentoml", 3000),
)
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, its word in capitals, continued lines joined."""

    word: str
    rest: str


@dataclass(frozen=True, slots=True)
class Image:
    """What is known of the image. ``port_reason`` says where the port was read.

    ``copied`` are the paths that COPY and ADD take from the build context.
    """

    port: int | None = None
    port_reason: str = ""
    health: str | None = None
    copied: tuple[str, ...] = ()


def read_dockerfile(text: str) -> Image:
    """Read a Dockerfile."""
    everything = tuple(_instructions(text))
    starts = [n for n, each in enumerate(everything) if each.word == "FROM"]
    last = everything[starts[-1] :] if starts else ()
    given = _variables((*everything[: starts[0]], *last) if starts else ())
    port, reason = _port(last, given)
    return Image(
        port=port,
        port_reason=reason,
        health=_health(last),
        copied=tuple(path for each in everything for path in _sources(each)),
    )


def _instructions(text: str) -> Iterator[Instruction]:
    joined = _CONTINUED.sub(" ", text.replace("\r\n", "\n"))
    joined = _HEREDOC.sub(r"\1", joined)  # a script's lines are no instructions
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word and not word.startswith("#"):
            yield Instruction(word.upper(), rest.strip())


def _variables(instructions: tuple[Instruction, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for each in instructions:
        if each.word not in {"ENV", "ARG"}:
            continue
        found = _ASSIGNED.findall(each.rest)
        if not found and each.word == "ENV":  # the old form: ENV NAME value
            name, _, value = each.rest.partition(" ")
            found = [(name, value.strip())]
        for name, value in found:
            given[name] = _expand(value.strip("\"'"), given)
    return given


def _expand(text: str, given: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1] or match[3]
        return given.get(name) or match[2] or match[0]

    return _VARIABLE.sub(value, text)


def _port(
    instructions: tuple[Instruction, ...], given: dict[str, str]
) -> tuple[int | None, str]:
    """The port, surest first: what is started says it, what is declared, a custom."""
    started = _started(instructions, given)
    flag = _FLAG.search(started)
    if flag and _is_port(flag[1]):
        return int(flag[1]), "from the command that the Dockerfile starts"
    for each in instructions:
        exposed = _expand(each.rest, given).split() if each.word == "EXPOSE" else ()
        for word in exposed:
            number, _, protocol = word.partition("/")
            if _is_port(number) and protocol in {"", "tcp"}:
                return int(number), "from EXPOSE in the Dockerfile"
    for name in ("PORT", "UVICORN_PORT", "HTTP_PORT", "SERVER_PORT"):
        if _is_port(given.get(name, "")):
            return int(given[name]), f"from {name} in the Dockerfile"
    for program, usual in _USUAL:
        if re.search(rf"\b{program}\b", started):
            return usual, f"a guess: the usual port of {program}"
    return None, ""


def _started(instructions: tuple[Instruction, ...], given: dict[str, str]) -> str:
    """ENTRYPOINT and CMD, the last of each, as one line of words."""
    words = []
    for name in ("ENTRYPOINT", "CMD"):
        said = [each.rest for each in instructions if each.word == name]
        if said:
            words.append(_line(said[-1]))
    return _expand(" ".join(words), given)


def _line(rest: str) -> str:
    try:
        listed = json.loads(rest)
    except (ValueError, RecursionError):
        return rest
    return " ".join(map(str, listed)) if isinstance(listed, list) else rest


def _health(instructions: tuple[Instruction, ...]) -> str | None:
    for each in instructions:
        found = _URL.search(each.rest) if each.word == "HEALTHCHECK" else None
        if found:
            return found[2]
    return None


def _sources(each: Instruction) -> tuple[str, ...]:
    """What COPY or ADD takes from the build context."""
    if each.word not in {"COPY", "ADD"}:
        return ()
    words = _line(each.rest).split()
    if any(word.startswith("--from") for word in words):
        return ()
    paths = [word for word in words if not word.startswith("--")][:-1]
    return tuple(
        path.removeprefix("./").strip("/")
        for path in paths
        if "$" not in path and "://" not in path and not path.startswith("<<")
    )


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) <= _MAX_PORT
