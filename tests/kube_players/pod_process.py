"""A pod whose container is a process of this machine, with an address of its own.

What a kubelet does to it: it is started, probed for readiness, started anew when it
ended, and ended as the documentation of the pod's lifecycle says: the preStop hook's
``sleep`` first, then SIGTERM, then the rest of the grace period, then SIGKILL.
"""

import http.client
import os
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROBE_SECONDS = 2.0
_SERVICE = Path(__file__).with_name("pod_service.py")


@dataclass(frozen=True)
class Image:
    """What an image holds, for our purposes: how its service behaves.

    ``missing`` means that no registry has it.
    """

    name: str
    fail: float = 0.0
    ill: bool = False
    broken: bool = False
    missing: bool = False

    def environ(self) -> dict[str, str]:
        return {
            "NAME": self.name,
            "FAIL": str(self.fail),
            "ILL": "1" if self.ill else "",
            "BROKEN": "1" if self.broken else "",
        }


@dataclass
class PodProcess:
    """A pod of a Deployment's template, as its node knows it."""

    name: str
    template: str
    address: str
    container: dict[str, Any]
    grace_seconds: float
    image: Image | None
    log: Path
    ready: bool = False
    restarts: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _stop_asked: float | None = None
    _stop_sent: bool = False

    @property
    def port(self) -> int:
        return int(self.container["ports"][0]["containerPort"])

    @property
    def is_ending(self) -> bool:
        return self._stop_asked is not None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return None if self._process is None else self._process.poll()

    @property
    def is_pullable(self) -> bool:
        return self.image is not None and not self.image.missing

    def ask_to_stop(self) -> None:
        """Begin its end, once."""
        if self._stop_asked is None:
            self._stop_asked = time.monotonic()
            self.ready = False

    def advance(self) -> bool:
        """Do what is due; whether it is gone for good."""
        if self.is_ending:
            return self._end()
        if not self.is_pullable:
            return False
        if self._process is None:
            self._start()
        elif not self.is_running:
            self.ready = False
            if self.restarts < 3:  # a kubelet waits longer each time
                self.restarts += 1
                self._start()
        else:
            self.ready = self._is_ready()
        return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def words(self) -> str:
        """What it has printed."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _start(self) -> None:
        assert self.image is not None
        environ = {
            **os.environ,
            **self.image.environ(),
            "HOST": self.address,
            "PORT": str(self.port),
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(_SERVICE)],
                env=environ,
                stdout=log,
                stderr=log,
            )

    def _is_ready(self) -> bool:
        probe = self.container.get("readinessProbe", {}).get("httpGet")
        if probe is None:
            return self.is_running
        connection = http.client.HTTPConnection(
            self.address, self.port, timeout=_PROBE_SECONDS
        )
        with closing(connection):
            try:
                connection.request("GET", probe.get("path", "/"))
                return connection.getresponse().status < 400
            except (OSError, http.client.HTTPException):
                return False

    def _end(self) -> bool:
        if self._process is None or not self.is_running:
            return True
        assert self._stop_asked is not None
        passed = time.monotonic() - self._stop_asked
        if passed > self.grace_seconds:
            self.kill()
            return True
        if passed >= self._hook_seconds() and not self._stop_sent:
            self._process.terminate()
            self._stop_sent = True
        return False

    def _hook_seconds(self) -> float:
        hook = self.container.get("lifecycle", {}).get("preStop", {})
        return float(hook.get("sleep", {}).get("seconds", 0))
