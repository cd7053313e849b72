"""Where the numbers of a canary's metrics come from, as the pipeline file says it.

A token never stands in the file: it says which variable or file holds it.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from sluicegate.errors import UsageError
from sluicegate.model.credential import NEVER_PASSED_ON
from sluicegate.model.selector import LABEL_PATTERN, Arms, Selector
from sluicegate.stages.notify import SECRET
from sluicegate.stages.stage import Duration, Settings

TARGET: Literal["target"] = "target"

_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
_LONGEST = timedelta(minutes=2)
_URL = re.compile(
    r"https?://(?:\[[0-9A-Fa-f:]+\](?::[0-9]{1,5})?|[^\s/?#@\\\[\]]+)(?:/[^\s?#\\]*)?"
)
_HERE = re.compile(r"http://(?:localhost|127\.[0-9.]+|\[::1\])(?:[:/].*)?")


def _check_timeout(value: timedelta) -> timedelta:
    if value > _LONGEST:
        raise ValueError("must be at most 2m: a rollout waits for it")
    return value


Timeout = Annotated[Duration, AfterValidator(_check_timeout)]


class Secret(Settings):
    """Where a token or a password is: a variable of the host, or a file."""

    env: str | None = Field(None, pattern=_VARIABLE, description="The variable's name.")
    file: str | None = Field(
        None,
        min_length=1,
        description="File that holds it: an absolute path, ~/..., or relative to the"
        " pipeline file.",
    )


def _refuse_literal(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
    """Take one place and nothing else, and repeat nothing of what is there."""
    match value:
        case Secret():
            return value
        case {"env": str(name), **rest} if not rest and re.match(_VARIABLE, name):
            if NEVER_PASSED_ON.fullmatch(name):
                raise PydanticCustomError(
                    SECRET,
                    "{name} is for sluicegate alone and sent to nobody else: make a"
                    " token that can only read there, and put it into another variable",
                    {"name": name},
                )
            return value
        case {"file": str(path), **rest} if not rest and _is_path(path):
            return value
        case _:
            raise PydanticCustomError(
                SECRET,
                "must say where the secret is, and never what it is: {env: VARIABLE} or"
                " {file: ~/a/file}",
            )


def _is_path(text: str) -> bool:
    is_home = not text.startswith("~") or text.startswith("~/")
    return bool(text.strip()) and "\n" not in text and is_home


_Secret = Annotated[Secret, BeforeValidator(_refuse_literal)]


class Auth(Settings):
    """How to log in: a bearer token, or a user and a password."""

    bearer: _Secret | None = Field(None, description="Where the token is.")
    user: str | None = Field(None, min_length=1, description="For basic login.")
    password: _Secret | None = Field(None, description="Where its password is.")

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        is_basic = self.user is not None and self.password is not None
        is_neither = self.user is None and self.password is None
        if not (is_neither if self.bearer is not None else is_basic):
            raise ValueError(
                "must be {bearer: {env: VARIABLE}} or {user: NAME, password: {env:"
                " VARIABLE}}"
            )
        return self

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Where its secrets are."""
        found = (self.bearer, self.password)
        return tuple(each for each in found if each is not None)


class Tls(Settings):
    """Whom to trust, and who we are. Paths are as those of a `Secret`."""

    ca: str | None = Field(
        None, min_length=1, description="CA certificates to trust; default: the host's."
    )
    cert: str | None = Field(None, min_length=1, description="Our certificate, PEM.")
    key: str | None = Field(None, min_length=1, description="Its private key, PEM.")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.cert is None) != (self.key is None):
            raise ValueError("a client certificate takes both cert: and key:")
        return self


def _check_selector(value: str) -> str:
    try:
        Selector.parse(value)
    except UsageError as error:
        raise ValueError(str(error)) from error
    return value


SelectorText = Annotated[str, AfterValidator(_check_selector)]
"""A selector of series: no function, no range."""


class ArmLabels(Settings):
    """How the series of both releases are told apart."""

    label: str = Field(pattern=LABEL_PATTERN, description="The label that differs.")
    stable: str = Field(
        min_length=1,
        description="Its value for the stable release; {image} is 12 digits of the"
        " image's ID, {digest} all of it, {name} the Git tag or short commit, {commit}"
        " the commit.",
    )
    canary: str = Field(min_length=1, description="Its value for the canary.")

    @model_validator(mode="after")
    def _differ(self) -> Self:
        try:
            self.arms()
        except UsageError as error:
            raise ValueError(str(error)) from error
        return self

    def arms(self) -> Arms:
        """The same, as what reads them knows it."""
        return Arms(self.label, self.stable, self.canary)


def check_url(value: str) -> str:
    """Take the address of an API, without a login.

    Raises:
        ValueError: it is none.
    """
    if "@" in value or "?" in value:
        raise PydanticCustomError(
            SECRET,
            "must be an address without login and query: a token goes into auth:, like"
            " {bearer: {env: PROMETHEUS_TOKEN}}",
        )
    if not _URL.fullmatch(value):
        raise ValueError("must be an address, like https://prometheus.example:9090")
    return value.rstrip("/")


def check_login(url: str, auth: Auth | None) -> None:
    """See to it that no login goes to *url* in the clear.

    Raises:
        ValueError: it would.
    """
    is_open = url.startswith("http:") and not _HERE.fullmatch(url)
    if auth is not None and is_open:
        raise ValueError("whoever carries it could read a login over http: use https")


class Prometheus(Settings):
    """Raw counters from the HTTP API of Prometheus, or of what speaks it."""

    uses: Literal["prometheus"] = Field(description="Where the numbers come from.")
    url: Annotated[str, AfterValidator(check_url)] = Field(
        description="What stands before /api/v1 in the address of its API."
    )
    arms: ArmLabels = Field(description="Which series are whose.")
    auth: Auth | None = Field(None, description="How to log in.")
    tls: Tls = Field(default_factory=Tls, description="Whom to trust.")
    timeout: Timeout = Field(
        timedelta(seconds=10), description="How long an answer may take."
    )

    @model_validator(mode="after")
    def _keeps_secrets(self) -> Self:
        check_login(self.url, self.auth)
        return self


class PrometheusRequests(Prometheus):
    """Counters of all requests, and of those that failed."""

    total: SelectorText = Field(description="Selector of the counters of all requests.")
    failed: SelectorText = Field(description="Selector of those that count failures.")


class PrometheusBuckets(Prometheus):
    """A histogram."""

    buckets: SelectorText = Field(description="Selector of its _bucket series.")
    unit: Literal["s", "ms"] = Field("s", description="What `le` is measured in.")


class PrometheusRates(Prometheus):
    """Counters of events, and of what they are measured by."""

    events: SelectorText = Field(description="Selector of the counters of events.")
    exposure: SelectorText = Field(
        description="Selector of the counters to compare by: requests, seconds."
    )


class PrometheusSamples(Prometheus):
    """A gauge."""

    samples: SelectorText = Field(description="Selector of its series.")


class PrometheusCategories(Prometheus):
    """A counter for each category."""

    total: SelectorText = Field(description="Selector of the counters.")
    by: str = Field(pattern=LABEL_PATTERN, description="The label of the category.")


class FileSource(Settings):
    """A file of JSON lines that grows, as `sluice canary judge` reads it."""

    uses: Literal["file"] = Field(description="Where the numbers come from.")
    path: str = Field(
        min_length=1,
        pattern=r"^[^\n]+$",
        description="An absolute path, ~/..., or relative to the pipeline file.",
    )


class CommandSource(Settings):
    """A program that prints both releases' numbers so far, as JSON."""

    uses: Literal["command"] = Field(description="Where the numbers come from.")
    run: str | tuple[str, ...] = Field(
        min_length=1, description="A line for sh, or a program and its arguments."
    )
    timeout: Timeout = Field(timedelta(seconds=20), description="How long it may take.")

    @property
    def argv(self) -> tuple[str, ...]:
        """The program and its arguments."""
        return ("sh", "-c", self.run) if isinstance(self.run, str) else self.run


class TargetSource(Settings):
    """The target's own counters."""

    uses: Literal["target"] = Field(description="Where the numbers come from.")


Source = Prometheus | FileSource | CommandSource | TargetSource


def tag_source(value: Any) -> str | None:  # noqa: ANN401 - pydantic hands over anything
    """Which kind of source *value* means to be; None if it does not say."""
    uses = value.get("uses") if isinstance(value, Mapping) else value
    if isinstance(value, Settings):
        uses = getattr(value, "uses", None)
    known = isinstance(uses, str) and uses in {"prometheus", "file", "command", TARGET}
    return f"from {uses}" if known else None
