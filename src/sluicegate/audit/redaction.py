"""Taking credentials and personal data out of an entry before it is written.

What is in the log cannot be taken out of it again. So every free text of an entry goes
through here: what this machine knows to be secret, what is a credential by its shape or
by the name before it, mail addresses and the user's home folder. What the log itself
depends on (ids, digests, times, names of stages) is never changed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sluicegate.audit.free_text import WINDOW, change_texts, fit, look_at
from sluicegate.audit.jcs import format_json, parse_json
from sluicegate.model.credential import URL_LOGIN, is_secret_name
from sluicegate.model.token_kinds import PEM_BEGIN, TOKEN_KINDS

REDACTED = "[redacted]"
MAIL = "[mail address]"

_TOKEN = re.compile(
    f"(?<![A-Za-z0-9])(?:{'|'.join(TOKEN_KINDS.values())})+"
    # To its end, or as far as a key can reach where the end is cut off.
    f"|{PEM_BEGIN}(?:(?!-----END)[\\s\\S]){{0,{WINDOW}}}"
    "(?:-----END[A-Z -]{0,70})?"
)
# A token, or the name of a person; git is nobody.
_URL_USER = re.compile(r"://(?!git@)[^\s/@:'\"<>\[]{1,400}@")
_HEADER = re.compile(
    r"(?i)\b((?:proxy-)?authorization['\"]?\s{0,3}[:=]\s{0,3}['\"]?"
    r"(?:(?:basic|bearer|token|digest)\s{1,3})?|bearer\s{1,3})"
    r"(?!\[redacted\])[A-Za-z0-9._~+/=-]{8,4000}"
)
_VALUE = (
    rf"\"[^\"\n]{{1,{WINDOW}}}\"?|'[^'\n]{{1,{WINDOW}}}'?"
    rf"|(?:\[redacted\]|[^\s\"',;&)\]}}<>]){{1,{WINDOW}}}"
)
_NAMED = re.compile(
    r"(?<![A-Za-z0-9_.-])(?P<name>[A-Za-z_][A-Za-z0-9_.-]{0,79})"
    rf"(?:['\"]?[ \t]{{0,3}}(?::=|=(?!=)|:(?!/))[ \t]{{0,3}})(?P<value>{_VALUE})"
)
_OPTION = re.compile(
    r"(?<!\S)--?(?P<name>[A-Za-z][A-Za-z0-9-]{0,60})[ ]{1,3}"
    rf"(?!-)(?P<value>{_VALUE})"
)
_USER = re.compile(
    r"(?P<before>(?<!\S)(?:-u|--user)[ =]{0,3}[^\s:=]{1,200}:)"
    rf"(?![0-9]+(?:\s|$))\S{{3,{WINDOW}}}"
)
_MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])(?P<who>[A-Za-z0-9._%+-]{1,64})"
    r"@(?P<domain>(?:[A-Za-z0-9-]{1,63}[.]){1,8})[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)
# What stands where a value is left out, or is only named.
_NOTHING = re.compile(
    r"\[redacted\]|\*+|<.*|\$\{\{.*|\$\{?[A-Za-z_][A-Za-z0-9_]*\}?|%[A-Za-z_]+%"
    # A permission of a workflow is one of three words: `id-token: write`.
    r"|none|null|true|false|unset|empty|read|write|[0-9.]{1,5}|.{0,3}",
    re.IGNORECASE,
)
# Words so common that alone they say credential only of what looks like one.
_COMMON = re.compile(
    r"(?i)(?!.*(?:api|access|secret|private|signing|auth)[_.-]?key$)"
    r".*(?:key|pass|auth|pwd)"
)
_PLAIN = re.compile("[A-Za-z_.-]+|.{1,7}")
_DIGEST = re.compile("sha256:[0-9a-f]{64}")  # opens nothing, whatever it is one of

Known = Callable[[str], str]
"""Replaces what the machine knows to be secret by something else."""


def _know_nothing(text: str) -> str:
    return text


_MOST_LOOKS = 16  # each but the last cuts something out


@dataclass(frozen=True, slots=True)
class Redactor:
    """Redacts entries. *home* is the absolute path of the user's home folder, if any.

    Redacting twice changes no more than redacting once.
    """

    known: Known = _know_nothing
    home: str | None = None

    def entry(self, entry: bytes, limit: int) -> bytes:
        """Redact an entry, and shorten its texts where it is longer than *limit* bytes.

        What has no long texts may still be longer: whoever appends it refuses it.
        """
        document = parse_json(entry)
        redacted = change_texts(document, self._named)
        redacted = fit(redacted, limit)
        return entry if redacted == document else format_json(redacted)

    def text(self, text: str) -> str:
        """*text* without credentials, mail addresses and the home folder.

        What is cut out may leave a rest behind that looks like one, so it is looked at
        until nothing changes.
        """
        for _ in range(_MOST_LOOKS):
            before, text = text, look_at(text, self._redact)
            if text == before:
                break
        return text

    def _named(self, key: str | None, text: str) -> str:
        if key and _is_secret(key, text) and not _DIGEST.fullmatch(text):
            return REDACTED
        return self.text(text)

    def _redact(self, text: str) -> str:
        text = _TOKEN.sub(REDACTED, self.known(text))
        text = URL_LOGIN.sub(f"://{REDACTED}@", text)
        text = _URL_USER.sub(f"://{REDACTED}@", text)
        text = _HEADER.sub(rf"\1{REDACTED}", text)
        text = _NAMED.sub(_without_value, text)
        text = _OPTION.sub(_without_value, text)
        text = _USER.sub(rf"\g<before>{REDACTED}", text)
        return self._without_home(_MAIL.sub(_without_mail, text))

    def _without_home(self, text: str) -> str:
        home = (self.home or "").rstrip("/\\")
        if not home or home not in text:
            return text
        # Of /home/jo, /home/jon is none of it.
        return re.sub(rf"{re.escape(home)}(?![A-Za-z0-9_.-])", "~", text)


def _without_value(found: re.Match[str]) -> str:
    value = found["value"]
    if not _is_secret(found["name"], value):
        return found[0]
    quote = value[0] if value[0] in "\"'" else ""
    return f"{found[0].removesuffix(value)}{quote}{REDACTED}{quote}"


def _is_secret(name: str, value: str) -> bool:
    value = value.strip("\"'")
    if not is_secret_name(name) or _NOTHING.fullmatch(value):
        return False
    return not _COMMON.fullmatch(name) or not _PLAIN.fullmatch(value)


def _without_mail(found: re.Match[str]) -> str:
    """Versions (``x@1.2.rc``) and the user that everybody is (``git@``) are no mail."""
    nobody = found["who"] == "git" or not any(map(str.isalpha, found["domain"]))
    return found[0] if nobody else MAIL
