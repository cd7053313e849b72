"""Selectors of series in Prometheus: which series, and for which release. Pure.

A selector is the part of PromQL that names series and computes nothing:
``http_requests_total{job="shop",code=~"5.."}``. It is taken apart, so that the label
of the release can be added without putting strings together.

Source:
    https://prometheus.io/docs/prometheus/latest/querying/basics/, "Time series
    selectors"; the escapes are those of Go's strings that JSON knows, too.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from typing_extensions import override

from sluicegate.errors import UsageError
from sluicegate.model.rollout import Release

NAME = "__name__"
"""The label that holds the name of a metric."""

LABEL_PATTERN = r"^[a-zA-Z_][a-zA-Z0-9_]*$"
PLACEHOLDERS = ("image", "digest", "name", "commit")
"""What may stand in braces in the value of a release's label."""
ARM = "arm"
"""What a target in a cluster calls the release that it serves: a Service."""

_METRIC = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_SELECTOR = re.compile(rf"\s*({_METRIC})?\s*(?:\{{(.*)\}})?\s*", re.DOTALL)
_MATCHER = re.compile(
    r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"
    r"(\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')\s*(?:,|$)"
)
_BRACES = re.compile(r"\{([^{}]*)\}")
_EXAMPLE = 'write it like http_requests_total{job="shop"}'

Labels = Mapping[str, str]
"""The labels of a series, its name among them."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """What one label must be: ``operator`` is ``=``, ``!=``, ``=~`` or ``!~``."""

    label: str
    operator: str
    value: str

    @override
    def __str__(self) -> str:
        """As PromQL has it."""
        return (
            f"{self.label}{self.operator}{json.dumps(self.value, ensure_ascii=False)}"
        )

    def accepts(self, labels: Labels) -> bool:
        """Whether a series with *labels* matches; a label it lacks is empty."""
        found = labels.get(self.label, "")
        if self.operator in {"=", "!="}:
            same = found == self.value
        else:
            same = re.fullmatch(self.value, found, re.ASCII | re.DOTALL) is not None
        return same == (self.operator in {"=", "=~"})


@dataclass(frozen=True, slots=True)
class Selector:
    """Series by the name of their metric and their labels."""

    metric: str
    matchers: tuple[Matcher, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a selector.

        Raises:
            UsageError: *text* is none, or computes something.
        """
        found = _SELECTOR.fullmatch(text)
        if found is None:
            raise UsageError(
                f"{text!r} is no selector of series: no function, no range, no offset;"
                f" {_EXAMPLE}"
            )
        matchers = tuple(_matchers(found[2] or "", text))
        names = [each for each in matchers if each.label == NAME]
        if found[1] is None or names:
            raise UsageError(f"{text!r} must begin with a metric's name: {_EXAMPLE}")
        return cls(found[1], matchers)

    def accepts(self, labels: Labels) -> bool:
        """Whether a series with *labels* is one of these."""
        return labels.get(NAME) == self.metric and all(
            matcher.accepts(labels) for matcher in self.matchers
        )


def write_selector(selectors: Iterable[Selector], label: str, values: list[str]) -> str:
    """One selector that finds all series of *selectors* whose *label* is in *values*.

    It may find more where they differ: see `Selector.accepts`. Asked for at once, they
    are read at one moment; asked one after another, a scrape may come in between, and
    more requests fail than were made.
    """
    return write_matchers(selectors, (_one_of(label, sorted(set(values))),))


def write_matchers(selectors: Iterable[Selector], more: tuple[Matcher, ...]) -> str:
    """One selector that finds all series of *selectors* that *more* accept, too."""
    asked = list(selectors)
    shared = [m for m in asked[0].matchers if all(m in s.matchers for s in asked)]
    names = _one_of(NAME, sorted({each.metric for each in asked}))
    return f"{{{','.join(map(str, (names, *more, *shared)))}}}"


def _one_of(label: str, values: list[str]) -> Matcher:
    if len(values) == 1:
        return Matcher(label, "=", values[0])
    return Matcher(label, "=~", "|".join(map(quote, values)))


def quote(value: str) -> str:
    """*value* as a regular expression that matches it alone, as RE2 reads it."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", value)


def _matchers(text: str, whole: str) -> Iterator[Matcher]:
    rest = text.strip()
    while rest:
        found = _MATCHER.match(rest)
        if found is None:
            raise UsageError(f"{whole!r} cannot be read from {rest!r} on: {_EXAMPLE}")
        matcher = Matcher(found[1], found[2], _unquote(found[3], whole))
        if matcher.operator in {"=~", "!~"}:
            _check_pattern(matcher)
        yield matcher
        rest = rest[found.end() :].strip()


def _unquote(text: str, whole: str) -> str:
    inner = text[1:-1]
    if text[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{inner}"'))
    except ValueError as error:
        raise UsageError(f"{whole!r} has an escape that cannot be read") from error


def _check_pattern(matcher: Matcher) -> None:
    try:
        re.compile(matcher.value, re.ASCII | re.DOTALL)
    except re.error as error:
        raise UsageError(f"{matcher} is no regular expression: {error}") from error


@dataclass(frozen=True, slots=True)
class Arms:
    """How the series of both releases are told apart: by the value of ``label``.

    ``stable`` and ``canary`` may name the release in braces; see `PLACEHOLDERS`. In
    *placeholders* are more names that whoever fills them in knows.

    Raises:
        UsageError: they cannot be told apart, or there is an unknown name in braces.
    """

    label: str
    stable: str
    canary: str
    placeholders: tuple[str, ...] = PLACEHOLDERS

    def __post_init__(self) -> None:
        for template in (self.stable, self.canary):
            names = _BRACES.findall(template)
            unknown = [name for name in names if name not in self.placeholders]
            if unknown:
                known = ", ".join(f"{{{name}}}" for name in self.placeholders)
                raise UsageError(
                    f"unknown placeholder '{{{unknown[0]}}}' (one of {known})"
                )
        if self.stable == self.canary and not _BRACES.search(self.stable):
            raise UsageError(
                f"both releases are {self.label}={self.stable!r}: nothing tells them"
                " apart; name the release, like 'live-{image}@file'"
            )

    def values(self, stable: Release, canary: Release) -> tuple[str, str]:
        """The values of the label for both releases.

        Raises:
            UsageError: they are the same.
        """
        found = fill_in(self.stable, stable), fill_in(self.canary, canary)
        if found[0] == found[1]:
            raise UsageError(
                f"both releases are {self.label}={found[0]!r}: nothing tells them apart"
            )
        return found


def fill_in(template: str, release: Release, arm: str = "") -> str:
    """*template* with what `PLACEHOLDERS` stand for, and `ARM`."""
    values = {
        ARM: arm,
        "image": release.image.short,
        "digest": str(release.image),
        "name": release.name,
        "commit": release.commit,
    }
    return _BRACES.sub(lambda found: values[found[1]], template)
