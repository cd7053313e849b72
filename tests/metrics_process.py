"""A source of metrics in a process of its own, which can be killed.

    python metrics_process.py PORT PROXY STABLE CANARY

Answers every GET on PORT with the requests of both releases, as Traefik has counted
them in the container PROXY: ``{"stable": [total, failed], "canary": [total, failed]}``.
STABLE and CANARY are 12 digits of their images.
"""

import http.server
import json
import re
import sys
import urllib.request

import docker
from typing_extensions import override

_SAMPLE = re.compile(
    r"traefik_service_requests_total\{(?=[^}]*code=\"(\d+)\")"
    r"[^}]*service=\"live-(\w+)@file\"[^}]*\} (\S+)"
)


def count(page: str, image: str) -> list[int]:
    """Total and failed requests of the release with this image."""
    counts = [0, 0]
    for code, served_by, value in _SAMPLE.findall(page):
        if served_by == image:
            counts[0] += int(float(value))
            counts[1] += int(float(value)) if int(code) >= 499 else 0
    return counts


def main() -> None:
    port, proxy, stable, canary = sys.argv[1:]
    container = docker.from_env().containers.get(proxy)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            container.reload()
            there = (container.ports["8080/tcp"] or [])[0]
            url = f"http://127.0.0.1:{there['HostPort']}/metrics"
            with urllib.request.urlopen(url, timeout=5) as reply:
                page = reply.read().decode()
            counts = {"stable": count(page, stable), "canary": count(page, canary)}
            body = json.dumps(counts).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    http.server.HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
