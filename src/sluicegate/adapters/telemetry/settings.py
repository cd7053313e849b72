"""Where telemetry goes, by the variables that every OpenTelemetry SDK reads.

Source:
    OpenTelemetry specification v1.60.0: protocol/exporter.md,
    configuration/sdk-environment-variables.md, metrics/sdk_exporters/otlp.md. Beyond
    it: nothing is sent unless an endpoint or an exporter is named.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from sluicegate.adapters.telemetry.sampling import Sampling, read_sampling

_DEFAULT = "http://localhost:4318"
_PREFIX = "OTEL_EXPORTER_OTLP"
_OTLP = "otlp"
_NONE = "none"
_ELSEWHERE = frozenset({"prometheus"})
"""Exporters of metrics that are not this one."""
_JSON = "http/json"
_PROTOCOLS = frozenset({_JSON, "http/protobuf"})
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_KEY = re.compile(r"[^\s=,;\ud800-\udfff]+")  # nor what is no Unicode
_LOGIN = re.compile(r"(?i)auth|key|token|secret|pass|cookie|dsn|credential")
_LONG_VALUE = 16
_MILLISECONDS = re.compile(r"[0-9]{1,12}")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_TIMEOUT_MS = 10_000


class Signal(enum.Enum):
    """What is told; the value is how variables and addresses call it."""

    TRACES = "traces"
    METRICS = "metrics"
    LOGS = "logs"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one signal goes. ``headers`` may hold a login.

    ``certificate`` is the file of CA certificates to trust, ``client`` those of the
    client's own certificate and its key; None for the system's, and for none.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    timeout_seconds: float = _DEFAULT_TIMEOUT_MS / 1000
    gzip: bool = False
    certificate: str | None = None
    client: tuple[str, str | None] | None = None

    @property
    def place(self) -> str:
        """Its scheme, host and port: what may be shown."""
        parts = urlsplit(self.url)
        port = "" if parts.port is None else f":{parts.port}"
        host = parts.hostname or ""
        return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


@dataclass(frozen=True, slots=True)
class Settings:
    """All that the variables say. ``warnings`` are for a person: what was ignored.

    ``endpoints`` are those of the signals that are sent; ``secrets`` must not be seen.
    """

    endpoints: Mapping[Signal, Endpoint] = field(default_factory=dict, hash=False)
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    sampling: Sampling = field(default_factory=Sampling)
    deltas: bool = False
    warnings: tuple[str, ...] = ()


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the variables; whatever cannot be read is ignored, and said."""
    return _Reader(environ).read()


def is_disabled(environ: Mapping[str, str]) -> bool:
    """Whether the variables switch telemetry off."""
    return environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def secrets_in(environ: Mapping[str, str]) -> frozenset[str]:
    """What must not be seen of the variables: the logins among the headers.

    Not every header is one: the name of a tenant may be in everything that is shown.
    """
    found = set[str]()
    for variable, text in environ.items():
        if variable.startswith(_PREFIX) and variable.endswith("_HEADERS"):
            for pair in text.split(","):
                name, _, value = pair.partition("=")
                decoded = unquote(value.strip())
                if _LOGIN.search(name) or len(decoded) >= _LONG_VALUE:
                    found |= {value.strip(), decoded, *decoded.split()[1:]}
    return frozenset(filter(None, found))


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._warnings: list[str] = []

    def read(self) -> Settings:
        if is_disabled(self._environ):
            return Settings()
        found = ((signal, self._endpoint(signal)) for signal in Signal)
        endpoints = {signal: each for signal, each in found if each is not None}
        settings = Settings()
        if endpoints:
            settings = Settings(
                endpoints,
                self._attributes(),
                read_sampling(self._get, self._ignore),
                deltas=self._deltas(),
            )
        return replace(settings, warnings=tuple(dict.fromkeys(self._warnings)))

    def _get(self, name: str) -> str:
        return self._environ.get(name, "").strip()

    def _option(self, signal: Signal, name: str) -> tuple[str, str]:
        """The variable of that signal alone, or the one for all; and its name."""
        for variable in (
            f"{_PREFIX}_{signal.name}_{name}",
            f"{_PREFIX}_{name}",
        ):
            if value := self._get(variable):
                return value, variable
        return "", ""

    def _ignore(self, variable: str, why: str) -> None:
        self._warnings.append(f"{variable} {why}")

    def _endpoint(self, signal: Signal) -> Endpoint | None:
        url, variable = self._url(signal)
        if not self._is_wanted(signal, named=bool(variable)):
            return None
        headers = self._headers(signal)
        if not self._may_be_sent(signal, url, variable, headers):
            return None
        return Endpoint(
            url,
            headers,
            self._timeout_seconds(signal),
            self._option(signal, "COMPRESSION")[0].lower() == "gzip",
            self._option(signal, "CERTIFICATE")[0] or None,
            self._client(signal),
        )

    def _may_be_sent(
        self, signal: Signal, url: str, variable: str, headers: Mapping[str, str]
    ) -> bool:
        protocol, chosen = self._option(signal, "PROTOCOL")
        if protocol and protocol.lower() not in _PROTOCOLS:
            why = (
                f"names {protocol[:40]!r}, which is not spoken here, and nothing is"
                f" sent by it; set {_JSON}, usually at port 4318"
            )
        elif not _is_address(url):
            chosen, why = variable, "is no http:// or https:// address: nothing is sent"
        elif urlsplit(url).username is not None:
            chosen = variable
            why = f"holds a login: nothing is sent there; put it into {_PREFIX}_HEADERS"
        elif any(map(_LOGIN.search, headers)) and _is_overheard(url):
            chosen = self._option(signal, "HEADERS")[1]
            why = (
                "holds a login, which is not sent to another machine without https://:"
                " nothing is sent there"
            )
        else:
            return True
        self._ignore(chosen, why)
        return False

    def _url(self, signal: Signal) -> tuple[str, str]:
        own, base = f"{_PREFIX}_{signal.name}_ENDPOINT", f"{_PREFIX}_ENDPOINT"
        if url := self._get(own):
            return url, own
        url, variable = (self._get(base) or _DEFAULT), base if self._get(base) else ""
        return f"{url.rstrip('/')}/v1/{signal.value}", variable

    def _is_wanted(self, signal: Signal, *, named: bool) -> bool:
        variable = f"OTEL_{signal.name}_EXPORTER"
        wanted = {each.strip().lower() for each in self._get(variable).split(",")}
        wanted.discard("")
        known = {_OTLP, _NONE} | (_ELSEWHERE if signal is Signal.METRICS else set())
        for each in sorted(wanted - known):
            self._ignore(variable, f"names {each[:40]!r}, which is not known here")
        if _NONE in wanted or (wanted & _ELSEWHERE and _OTLP not in wanted):
            return False
        return _OTLP in wanted or named

    def _headers(self, signal: Signal) -> dict[str, str]:
        text, variable = self._option(signal, "HEADERS")
        found: dict[str, str] = {}
        for pair in filter(None, (part.strip() for part in text.split(","))):
            name, mark, value = pair.partition("=")
            name, value = unquote(name.strip()), unquote(value.strip())
            if not mark or not _HEADER_NAME.fullmatch(name) or not value.isprintable():
                self._ignore(variable, "is not key=value,key=value: that part is left")
            else:
                found[name] = value
        return found

    def _timeout_seconds(self, signal: Signal) -> float:
        text, variable = self._option(signal, "TIMEOUT")
        if not text:
            return _DEFAULT_TIMEOUT_MS / 1000
        if _MILLISECONDS.fullmatch(text) and int(text):
            return int(text) / 1000
        self._ignore(variable, "is no number of milliseconds: 10000 are taken")
        return _DEFAULT_TIMEOUT_MS / 1000

    def _client(self, signal: Signal) -> tuple[str, str | None] | None:
        certificate = self._option(signal, "CLIENT_CERTIFICATE")[0]
        key = self._option(signal, "CLIENT_KEY")[0]
        return (certificate, key or None) if certificate else None

    def _attributes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        variable = "OTEL_RESOURCE_ATTRIBUTES"
        for pair in filter(None, (p.strip() for p in self._get(variable).split(","))):
            name, mark, value = pair.partition("=")
            if not mark or not _KEY.fullmatch(name.strip()):
                self._ignore(variable, "is not key=value,key=value: all is left out")
                found = {}
                break
            found[unquote(name.strip())] = unquote(value.strip())
        if service := self._get("OTEL_SERVICE_NAME"):
            found["service.name"] = service
        return found

    def _deltas(self) -> bool:
        variable = f"{_PREFIX}_METRICS_TEMPORALITY_PREFERENCE"
        wanted = self._get(variable).lower()
        if wanted not in {"", "cumulative", "delta", "lowmemory"}:
            self._ignore(variable, "is not known: cumulative is taken")
        return wanted in {"delta", "lowmemory"}


def _is_overheard(url: str) -> bool:
    """Whether what is sent leaves this machine as it is."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and (parts.port is None or parts.port >= 0)
            and url.isprintable()
            and " " not in url
        )
    except ValueError:
        return False
