"""A container of the image, for as long as it is asked."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from sluicegate.smoke.engine import Broken, Engine
from sluicegate.smoke.leftovers import Place, remove
from sluicegate.smoke.reaper import reaping

_MAX_PIDS = 1024
_MAX_LOG = "1m"
_LOG_LINES = 100
_MAX_OUTPUT = 8000  # characters of the container's output that are kept
_PORT = re.compile(r"^127\.0\.0\.1:(\d{1,5})$", re.MULTILINE)
_NO_PROGRAM = r"runtime create failed|exec(utable)? |executable file not found"
_NO_WAY_OUT = "com.docker.network.bridge.enable_ip_masquerade=false"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is started; ``memory`` in bytes, ``until`` in seconds since 1970."""

    image: str
    port: int
    memory: int
    network: Literal["isolated", "bridge"]
    env: Mapping[str, str]
    labels: Mapping[str, str]
    until: int


class Container:
    """A container called *name*, which listens on *port*."""

    def __init__(self, engine: Engine, name: str, port: int, refused: str) -> None:
        """Create it; *refused* says why it could not be started, else it is empty."""
        self._engine, self._name, self._inner = engine, name, port
        self._refused = refused

    def host_port(self) -> int | None:
        """Where this machine reaches it; None if it has ended already."""
        asked = ("port", self._name, f"{self._inner}/tcp")
        found = _PORT.search(self._engine.call(*asked)[1])
        return int(found[1]) if found else None

    def end(self) -> str:
        """How it has ended by itself; empty if it runs.

        Raises:
            Broken: the engine does not say.
        """
        if self._refused:
            return f"cannot be started: {self._refused}"
        said = self._engine.run("inspect", "--format", "{{json .State}}", self._name)
        try:
            state = json.loads(said)
            if state["Running"]:
                return ""
            code, out_of_memory = int(state["ExitCode"]), bool(state["OOMKilled"])
        except (ValueError, LookupError, TypeError) as error:
            raise Broken(f"docker inspect: no state in {said[:200]}") from error
        more = ", out of memory" if out_of_memory else ""
        return f"ended with exit code {code}{more}"

    def output(self) -> str:
        """Its last lines, printable."""
        _, out, errors = self._engine.call("logs", f"--tail={_LOG_LINES}", self._name)
        lines = f"{out}\n{errors}".splitlines()
        kept = ("".join(c for c in line if c.isprintable()) for line in lines)
        return "\n".join(line for line in kept if line.strip())[-_MAX_OUTPUT:]


@contextmanager
def running(engine: Engine, place: Place, plan: Plan) -> Iterator[Container]:
    """Start a container, and remove it whatever happens.

    Raises:
        Broken: it cannot be made, or not be removed.
    """
    with place.reserve() as name, reaping(engine.client, name):
        try:
            labels = {**plan.labels, **place.labels(plan.until)}
            refused = _start(engine, name, labels, plan)
            yield Container(engine, name, plan.port, refused)
        finally:
            remove(engine, name)


def _start(engine: Engine, name: str, labels: Mapping[str, str], plan: Plan) -> str:
    """Start it; why that is impossible with this image, or nothing."""
    marks = [f"--label={key}={value}" for key, value in sorted(labels.items())]
    way = () if plan.network == "bridge" else (f"--opt={_NO_WAY_OUT}",)
    engine.run("network", "create", "--driver=bridge", *way, *marks, name)
    options = (
        *(f"--name={name}", f"--network={name}", f"--publish=127.0.0.1::{plan.port}"),
        *(f"--memory={plan.memory}", f"--memory-swap={plan.memory}"),
        *(f"--pids-limit={_MAX_PIDS}", "--security-opt=no-new-privileges"),
        *("--restart=no", "--log-driver=json-file", f"--log-opt=max-size={_MAX_LOG}"),
        *("--log-opt=max-file=1", "--no-healthcheck"),
        *(f"--env={key}={value}" for key, value in sorted(plan.env.items())),
    )
    engine.run("create", *options, *marks, plan.image)
    code, _, words = engine.call("start", name)
    if code == 0:
        return ""
    if not re.search(_NO_PROGRAM, words):
        raise Broken(f"docker start failed: {words[-400:]}")
    first = words.partition("\n")[0].removeprefix("Error response from daemon: ")
    return "".join(c for c in first if c.isprintable())[:300]
