"""Traefik's dynamic configuration for one environment. Pure.

One file holds everything the target must not forget: a first line, to YAML a comment,
names the releases and the canary's share; below it is the configuration made of them,
as JSON, which YAML contains. So what serves and what is believed to serve are replaced
by the same rename and cannot differ.

    entry point live    ->  service live (weighted)  ->  live-<image>, live-<image>
    entry point probe   ->  Host `<image>.probe`     ->  probe-<image>

A release has a leaf of its own for health checks, because Traefik counts requests per
leaf, and health checks are not traffic.

Traps:
    Traefik drops children of weight 0 from a weighted service, so a canary without
    weight is not listed there; its leaf stays, and with it its counters.
    No health check of Traefik's own: a release it takes out is answered for by the
    balancer (503), and no leaf counts that, so a dead canary would look idle.
    A cookie that names a child which is not listed counts for nothing, and the client
    is balanced anew: so taking the weight from a release evicts its sessions.
    Who got a cookie in one rollout would keep it in the next, and the next canary would
    see new clients only. So each canary has a cookie of its own name, and there is none
    while one release has all the traffic.
"""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release

_HEADER = "# sluicegate: "
_VERSION = 1
_ALL = 100  # percent

# What Traefik reads and answers is a tree of JSON; it does not leave the adapter.
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A release that can be reached: on *port* of *host*, a name on the network."""

    release: Release
    host: str
    port: int

    @property
    def url(self) -> str:
        """Where the proxy sends requests."""
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Routing:
    """Who serves. ``percent`` is the canary's share of new requests, 0 to 99.

    ``cookie`` begins the name of the cookie by which clients stay with a release while
    two of them serve; None to split request by request.

    Raises:
        UsageError: a share without two releases to share, or out of bounds.
    """

    stable: Leaf | None = None
    canary: Leaf | None = None
    percent: int = 0
    cookie: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.percent < _ALL:
            raise UsageError(f"a canary's share is 0 to 99 %, got {self.percent}")
        if self.percent and (self.stable is None or self.canary is None):
            raise UsageError("a share of the traffic needs a stable and a canary")

    def is_stable(self, release: Release) -> bool:
        """Whether *release* is the stable one, whatever its share."""
        return self.stable is not None and self.stable.release.image == release.image

    def weight(self, release: Release) -> int:
        """The percentage of new requests that *release* receives."""
        if self.is_stable(release):
            return _ALL - self.percent
        if self.canary is not None and self.canary.release.image == release.image:
            return self.percent
        return 0

    def leaves(self) -> tuple[Leaf, ...]:
        """The releases that can be reached, stable first."""
        return tuple(leaf for leaf in (self.stable, self.canary) if leaf is not None)


def live_service(release: Release) -> str:
    """The service that serves *release*'s share of the traffic."""
    return f"live-{release.image.short}"


def probe_host(release: Release) -> str:
    """The host name under which the probe entry point reaches *release*."""
    return f"{release.image.short}.probe"


def build_services(routing: Routing) -> Json:
    """The services of *routing*, by name, as Traefik's API shows them too."""
    services: Json = {}
    for leaf in routing.leaves():
        servers = {"servers": [{"url": leaf.url}]}
        services[live_service(leaf.release)] = {"loadBalancer": servers}
        services[_probe_service(leaf.release)] = {"loadBalancer": servers}
    shares = [
        {"name": live_service(leaf.release), "weight": routing.weight(leaf.release)}
        for leaf in routing.leaves()
        if routing.weight(leaf.release) > 0
    ]
    if shares:
        services["live"] = {"weighted": {"services": shares, **_sticky(routing)}}
    return services


def _sticky(routing: Routing) -> Json:
    """What keeps clients with their release, if anything does.

    Not `secure`: the proxy speaks plain HTTP, and a browser would send such a cookie
    back over TLS only. It says which release served, which is no secret.
    """
    if routing.cookie is None or routing.canary is None or not routing.percent:
        return {}
    name = f"{routing.cookie}_{routing.canary.release.image.short}"
    cookie = {"name": name, "path": "/", "httpOnly": True, "sameSite": "lax"}
    return {"sticky": {"cookie": cookie}}


def build_config(routing: Routing) -> str:
    """The file for *routing*; `parse_config` reads it back."""
    services = build_services(routing)
    routers: Json = {
        _probe_service(leaf.release): {
            "entryPoints": ["probe"],
            "rule": f"Host(`{probe_host(leaf.release)}`)",
            "service": _probe_service(leaf.release),
        }
        for leaf in routing.leaves()
    }
    if "live" in services:
        routers["live"] = {
            "entryPoints": ["live"],
            "rule": "PathPrefix(`/`)",
            "service": "live",
        }
    # Empty sections are left out: Traefik refuses `services: {}`.
    http = {"routers": routers, "services": services} if services else None
    head = {
        "version": _VERSION,
        "stable": _format_leaf(routing.stable),
        "canary": _format_leaf(routing.canary),
        "percent": routing.percent,
        "cookie": routing.cookie,
    }
    body = json.dumps({"http": http} if http else {}, indent=1)
    return f"{_HEADER}{json.dumps(head)}\n{body}\n"


def parse_config(text: str) -> Routing:
    """Read a file that `build_config` made.

    Raises:
        PermanentError: it is something else. Nothing may then be assumed about who
            serves.
    """
    first = text.partition("\n")[0]
    try:
        return _parse_head(json.loads(first.removeprefix(_HEADER)))
    except (ValueError, TypeError, KeyError, RecursionError, UsageError) as error:
        raise PermanentError(
            f"the proxy's routing file cannot be read: {error}",
            hint="it was changed by something else; remove the environment and "
            "release again",
        ) from error


def _parse_head(head: Json) -> Routing:
    if head["version"] != _VERSION:
        raise ValueError(f"its version is {head['version']}")
    return Routing(
        stable=_parse_leaf(head["stable"]),
        canary=_parse_leaf(head["canary"]),
        percent=int(head["percent"]),
        cookie=_parse_cookie(head.get("cookie")),
    )


def _parse_cookie(name: object) -> str | None:
    if name is None or isinstance(name, str):
        return name
    raise TypeError(f"its cookie is {name!r}")


class _Service(NamedTuple):
    kind: str
    content: tuple[Any, ...]


def is_loaded(routing: Routing, reply: bytes) -> bool:
    """Whether Traefik's ``/api/http/services`` shows exactly *routing*.

    Raises:
        PermanentError: the reply is not a list of services.
    """
    try:
        shown = {
            item["name"].removesuffix("@file"): _summarize(item)
            for item in json.loads(reply)
            if item["provider"] == "file" and item["status"] == "enabled"
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PermanentError(
            f"Traefik's API answered something unreadable: {error}"
        ) from error
    wanted = build_services(routing)
    return shown == {name: _summarize(item) for name, item in wanted.items()}


def _summarize(service: Json) -> _Service:
    if "weighted" in service:
        weighted = service["weighted"]
        shares = [(s["name"], s["weight"]) for s in weighted["services"]]
        cookie = (weighted.get("sticky") or {}).get("cookie") or {}
        return _Service("weighted", (*sorted(shares), cookie.get("name")))
    servers = [server["url"] for server in service["loadBalancer"]["servers"]]
    return _Service("loadBalancer", tuple(sorted(servers)))


def _probe_service(release: Release) -> str:
    return f"probe-{release.image.short}"


def _format_leaf(leaf: Leaf | None) -> Json | None:
    if leaf is None:
        return None
    return {
        "image": str(leaf.release.image),
        "name": leaf.release.name,
        "commit": leaf.release.commit,
        "host": leaf.host,
        "port": leaf.port,
    }


def _parse_leaf(head: Json | None) -> Leaf | None:
    if head is None:
        return None
    release = Release(Digest.parse(head["image"]), str(head["name"]), head["commit"])
    return Leaf(release, str(head["host"]), int(head["port"]))
