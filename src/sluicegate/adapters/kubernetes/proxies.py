"""The proxy on the way to an API server.

Source:
    golang.org/x/net/http/httpproxy, which kubectl goes by: ``HTTPS_PROXY``,
    ``HTTP_PROXY`` and ``NO_PROXY`` in either case; never for loopback.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from sluicegate.adapters.kubernetes.server import Server


def proxy_of(server: Server, environ: Mapping[str, str]) -> str | None:
    """The address of the proxy for *server*: its own, or that of *environ*."""
    if server.proxy is not None:
        return server.proxy
    parts = urlsplit(server.url)
    host = parts.hostname or ""
    if server.is_here or _is_loopback(host):
        return None
    port = parts.port or (443 if server.is_secure else 80)
    if any(_is_excepted(each, host, port) for each in _exceptions(environ)):
        return None
    found = _variable(environ, f"{parts.scheme}_proxy")
    if found is None:
        return None
    return found if "://" in found else f"http://{found}"


def _variable(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(name.upper()) or environ.get(name) or None


def _exceptions(environ: Mapping[str, str]) -> list[str]:
    listed = (_variable(environ, "no_proxy") or "").split(",")
    return [each.strip().lower() for each in listed if each.strip()]


def _is_excepted(exception: str, host: str, port: int) -> bool:
    if exception == "*":
        return True
    address = _address(host)
    if "/" in exception:
        try:
            network = ipaddress.ip_network(exception, strict=False)
        except ValueError:
            return False
        return address is not None and address in network
    name, colon, its_port = exception.rpartition(":")
    if colon and its_port.isdigit() and (name.count(":") == 0 or name.endswith("]")):
        if int(its_port) != port:
            return False
        exception = name
    exception = exception.strip("[]")
    if address is not None:
        return address == _address(exception)
    domain = exception.removeprefix("*").removeprefix(".")
    is_sub = host.lower().endswith(f".{domain}")
    return is_sub or (host.lower() == domain and not exception.startswith((".", "*")))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address is not None and address.is_loopback
