"""What a Dockerfile builds upon, and whether only BuildKit can build it.

Read as far as these two questions go; whether it is right, the builder says.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=\s*(\S+)\s*", re.IGNORECASE)
_HEREDOC = re.compile(r"(?:^|\s)\d*<<(-?)(['\"]?)([A-Za-z_]\w*)\2(?=\s|$)")
_FLAG = re.compile(r"--([a-z-]+)(?:=(\S*))?(?:\s+|$)")
_VARIABLE = re.compile(
    r"\\(?P<escaped>.)|\$(?:(?P<plain>\w+)"
    r"|\{(?P<name>\w+)(?::?(?P<how>[-+])(?P<word>[^{}]*))?\})"
)
_NEEDS_BUILDKIT = {  # flags that the classic builder refuses, by instruction
    "RUN": {"mount", "network", "security", "device"},
    "COPY": {"link", "chmod", "parents", "exclude"},
    "ADD": {"link", "chmod", "checksum", "keep-git-dir", "exclude"},
}
_MAY_HOLD_HEREDOC = frozenset({"RUN", "COPY", "ADD"})


@dataclass(frozen=True, slots=True)
class Base:
    """A build stage: what it starts from, and its name if it has one.

    ``reference`` is an image or the name of an earlier stage; "" where an argument
    that it is made of has no value.
    """

    reference: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """What was read. ``buildkit`` says what in it needs BuildKit, each once."""

    bases: tuple[Base, ...]
    copied_from: tuple[str, ...]
    buildkit: tuple[str, ...]

    def images(self) -> tuple[str, ...]:
        """The images that any stage starts from or copies from, each once.

        One is "" where an argument that it is made of has no value.
        """
        own = {"scratch", *(base.name for base in self.bases)}
        found = (
            *(base.reference for base in self.bases),
            *(each for each in self.copied_from if not each.isdigit()),
        )
        return tuple(dict.fromkeys(each for each in found if each.lower() not in own))

    def base_of(self, target: str | None) -> str | None:
        """The image that the stage *target* (default: the last) comes from."""
        stages = list(self.bases)
        if target is not None:
            place = next(
                (i for i, base in enumerate(stages) if base.name == target.lower()),
                int(target) if re.fullmatch(r"[0-9]{1,4}", target) else None,
            )
            stages = [] if place is None else stages[: place + 1]
        if not stages:
            return None
        reference = stages[-1].reference
        for base in reversed(stages[:-1]):
            if base.name == reference.lower():
                reference = base.reference
        return reference


def parse_dockerfile(data: bytes, args: Mapping[str, str]) -> Dockerfile:
    """Read a Dockerfile that is built with the build arguments *args*."""
    text = data.decode("utf-8-sig", errors="replace")
    bases: list[Base] = []
    copied: list[str] = []
    needs: dict[str, None] = {}
    known: dict[str, str] = {}  # arguments before the first FROM
    for word, rest in _instructions(text, needs):
        flags, words = _split(rest)
        if word == "ARG" and not bases:
            for item in words:
                name, _, default = item.partition("=")
                known[name] = args.get(name, _replace(default.strip("'\""), known))
        elif word == "FROM" and words:
            alias = words[2].lower() if _is_named(words) else None
            bases.append(Base(_replace(words[0], known), alias))
        for flag, value in flags:
            if flag in _NEEDS_BUILDKIT.get(word, ()):
                needs[f"{word} --{flag}"] = None
            if flag == "from" and word == "COPY":
                copied.append(value)
            if flag == "mount":
                copied += re.findall(r"(?:^|,)from=([^,]+)", value)
    return Dockerfile(tuple(bases), tuple(copied), tuple(needs))


def _is_named(words: list[str]) -> bool:
    """Whether what follows FROM is ``IMAGE AS NAME``; more or less is a mistake."""
    return len(words) == 3 and words[1].lower() == "as"  # noqa: PLR2004 - see there


def _instructions(text: str, needs: dict[str, None]) -> Iterator[tuple[str, str]]:
    """Each instruction, in capitals, and what follows; bodies of heredocs left out."""
    lines = iter(text.splitlines())
    escape, at_top = "\\", True
    for line in lines:
        stripped = line.strip()
        directive = _DIRECTIVE.fullmatch(stripped) if at_top else None
        if directive is not None:
            if directive[1].lower() == "escape":
                escape = directive[2]
            elif directive[1].lower() == "syntax":
                needs["# syntax="] = None
            continue
        at_top = False
        if not stripped or stripped.startswith("#"):
            continue
        while stripped.endswith(escape):
            stripped = stripped[:-1] + _next_part(lines)
        word, _, rest = stripped.partition(" ")
        word = word.upper()
        if word in _MAY_HOLD_HEREDOC:
            for dash, _, end in _HEREDOC.findall(rest):
                needs["heredocs"] = None
                _skip(lines, end, strip=bool(dash))
        yield word, rest.strip()


def _next_part(lines: Iterator[str]) -> str:
    """The next line of an instruction; comments between do not end it."""
    for line in lines:
        if line.strip() and not line.strip().startswith("#"):
            return line.strip()
    return ""


def _skip(lines: Iterator[str], end: str, *, strip: bool) -> None:
    for line in lines:
        if (line.lstrip("\t") if strip else line) == end:
            return


def _split(rest: str) -> tuple[list[tuple[str, str]], list[str]]:
    """The flags at the beginning of an instruction, and the words after them."""
    flags = []
    while found := _FLAG.match(rest):
        flags.append((found[1], found[2] or ""))
        rest = rest[found.end() :]
    return flags, rest.split()


def _replace(text: str, known: Mapping[str, str]) -> str:
    """Put the values of arguments in; one without a value leaves nothing at all."""
    lacking = False

    def value(found: "re.Match[str]") -> str:
        nonlocal lacking
        if found["escaped"] is not None:
            return found["escaped"]
        held = known.get(found["plain"] or found["name"] or "", "")
        if found["how"] == "-":
            return held or _replace(found["word"], known)
        if found["how"] == "+":
            return _replace(found["word"], known) if held else ""
        lacking = lacking or not held
        return held

    done = _VARIABLE.sub(value, text)
    return "" if lacking else done
