"""Which logs and witnesses to believe, and how many witnesses must have signed.

Source:
    https://c2sp.org/tlog-policy. Stricter than that where a mistake would weaken it: a
    witness with a log's own key, an address with a password, and a file without its
    last newline, which may have been cut, are refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sluicegate.errors import IntegrityError, UsageError
from sluicegate.tlog.note import (
    COSIGNATURE_V1,
    ED25519,
    VerifierKey,
    parse_vkey,
)

NONE = "none"
MAX_POLICY_BYTES = 256 * 1024

_BAD_OCTET = re.compile(rb"[^\t\x20-\x7e\x80-\xff]")
_BLANK = re.compile(rb"[ \t]+")
_LOGIN = re.compile(r"([^/?#]*:)?//[^/?#]*@")
_COUNT = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class Log:
    """A log to believe. ``url`` is empty if the policy names none."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness, under the name it has within the policy."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Has witnessed a checkpoint once *threshold* of its members have."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Who must have signed. ``quorum`` names a witness, a group, or is ``none``."""

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def is_met(self, signed: frozenset[str]) -> bool:
        """Whether cosignatures of the witnesses named in *signed* make the quorum."""
        have = set(signed & {witness.name for witness in self.witnesses})
        for group in self.groups:  # members are defined before their group
            if len(have & set(group.members)) >= group.threshold:
                have.add(group.name)
        return self.quorum == NONE or self.quorum in have

    def describe(self) -> str:
        """The quorum in words, like ``2 of w1, w2, w3``."""
        groups = {group.name: group for group in self.groups}
        return _describe(self.quorum, groups)


def require_all(witnesses: tuple[Witness, ...]) -> Policy:
    """The policy that every one of *witnesses*, at least one, must sign."""
    group = Group("all", len(witnesses), tuple(each.name for each in witnesses))
    return Policy((), witnesses, (group,), group.name)


def parse_policy(data: bytes, file: str) -> Policy:
    """Read a policy file, called *file* in messages.

    Raises:
        UsageError: it is no policy; every mistake, a line each, as ``file:line: why``.
    """
    reader = _Reader(file)
    if len(data) > MAX_POLICY_BYTES:
        raise UsageError(f"{file}: a policy of {len(data)} bytes is too long")
    lines = data.split(b"\n")
    if lines.pop():
        reader.refuse(len(lines) + 1, "the last line does not end: was the file cut?")
    for number, line in enumerate(lines, 1):
        reader.read(number, line)
    return reader.finish()


class _MistakeError(Exception):
    """One line cannot be used."""


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: list[str] = []
        self._logs: list[Log] = []
        self._witnesses: list[Witness] = []
        self._groups: list[Group] = []
        self._quorum: str | None = None
        self._names: dict[str, int] = {}
        self._publics: dict[bytes, int] = {}
        self._members: dict[str, int] = {}

    def refuse(self, number: int, why: str) -> None:
        self._problems.append(f"{self._file}:{number}: {why}")

    def read(self, number: int, line: bytes) -> None:
        if bad := _BAD_OCTET.search(line):
            self.refuse(number, f"the character 0x{bad[0].hex()} is not allowed")
            return
        try:
            # Names are octets to the policy; what is no UTF-8 survives as it is.
            words = [
                word.decode("utf-8", "surrogateescape")
                for word in _BLANK.split(line.strip(b" \t"))
            ]
            if words[0] and not words[0].startswith("#"):
                self._read_words(number, words[0], words[1:])
        except _MistakeError as mistake:
            self.refuse(number, str(mistake))

    def finish(self) -> Policy:
        if self._quorum is None and not self._problems:
            self._problems.append(
                f"{self._file}: there is no quorum line; `quorum none` asks for no"
                " witness"
            )
        if self._problems:
            raise UsageError(
                "\n".join(self._problems),
                hint="the form of a policy: https://c2sp.org/tlog-policy",
            )
        return Policy(
            tuple(self._logs),
            tuple(self._witnesses),
            tuple(self._groups),
            self._quorum or NONE,
        )

    def _read_words(self, number: int, keyword: str, words: list[str]) -> None:
        match keyword, words:
            case "log", [vkey]:
                self._add_log(number, vkey, "")
            case "log", [vkey, url]:
                self._add_log(number, vkey, url)
            case "witness", [name, vkey]:
                self._add_witness(number, name, vkey, "")
            case "witness", [name, vkey, url]:
                self._add_witness(number, name, vkey, url)
            case "group", [name, threshold, _, *_]:
                self._add_group(number, name, threshold, words[2:])
            case "quorum", [name]:
                self._set_quorum(number, name)
            case (("log" | "witness" | "group" | "quorum"), _):
                raise _MistakeError(f"a {keyword} line is `{_FORMS[keyword]}`")
            case _:
                raise _MistakeError(
                    f"{keyword!r} begins no line of a policy: {', '.join(_FORMS)} do"
                )

    def _add_log(self, number: int, vkey: str, url: str) -> None:
        key = self._take_key(number, vkey, ED25519, "a log's own, 0x01")
        self._logs.append(Log(key, _check_url(url)))

    def _add_witness(self, number: int, name: str, vkey: str, url: str) -> None:
        self._take_name(number, name)
        key = self._take_key(number, vkey, COSIGNATURE_V1, "a cosigner's, 0x04")
        self._witnesses.append(Witness(name, key, _check_url(url)))

    def _add_group(
        self, number: int, name: str, threshold: str, members: list[str]
    ) -> None:
        self._take_name(number, name)  # first: a group is no member of itself
        for member in members:
            if member == name or member not in self._names:
                raise _MistakeError(
                    f"{_show(member)} is no witness or group defined above"
                )
            if member in self._members:
                raise _MistakeError(
                    f"{_show(member)} is a member already, in line "
                    f"{self._members[member]}; each may be one only once"
                )
            self._members[member] = number
        count = {"any": 1, "all": len(members)}.get(threshold)
        if count is None and _COUNT.fullmatch(threshold):
            count = int(threshold)
        if count is None or count > len(members):
            raise _MistakeError(
                f"a group of {len(members)} needs all, any or a number from 1 to "
                f"{len(members)}, not {threshold!r}"
            )
        self._groups.append(Group(name, count, tuple(members)))

    def _set_quorum(self, number: int, name: str) -> None:
        if self._quorum is not None:
            raise _MistakeError("there is a quorum line already")
        self._quorum = name
        if name != NONE and self._names.get(name, number) >= number:
            raise _MistakeError(f"{_show(name)} is no witness or group defined above")

    def _take_name(self, number: int, name: str) -> None:
        if name == NONE:
            raise _MistakeError("the name none means that no witness is needed")
        if name in self._names:
            raise _MistakeError(
                f"{_show(name)} is defined already, in line {self._names[name]}"
            )
        self._names[name] = number

    def _take_key(
        self, number: int, vkey: str, algorithm: int, expected: str
    ) -> VerifierKey:
        try:
            key = parse_vkey(vkey)
        except IntegrityError as error:
            raise _MistakeError(str(error)) from error
        if key.algorithm != algorithm:
            raise _MistakeError(
                f"the key of {key.name} is of type 0x{key.algorithm:02x}; supported "
                f"here is {expected}"
            )
        if key.public in self._publics:
            raise _MistakeError(
                f"the key is that of line {self._publics[key.public]} already"
            )
        self._publics[key.public] = number
        return key


_FORMS: Mapping[str, str] = {
    "log": "log <vkey> [<url>]",
    "witness": "witness <name> <vkey> [<url>]",
    "group": "group <name> all|any|<number> <name>...",
    "quorum": "quorum <name>|none",
}


def _check_url(url: str) -> str:
    """An address, without what should not stand in a file that is passed on."""
    if _LOGIN.match(url):
        raise _MistakeError("an address with a login in it; leave that out")
    return url


def _show(name: str) -> str:
    return repr(name.encode("utf-8", "surrogateescape").decode(errors="replace"))


def _describe(name: str, groups: Mapping[str, Group]) -> str:
    if name not in groups:
        return name
    group = groups[name]
    members = ", ".join(_describe_members(group, groups))
    if len(group.members) == 1:
        return members
    return f"{group.threshold} of {members}"


def _describe_members(group: Group, groups: Mapping[str, Group]) -> Iterator[str]:
    for member in group.members:
        text = _describe(member, groups)
        yield f"({text})" if " of " in text else text
