"""The Docker target, as the pipeline file says it."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictBool
from typing_extensions import override

from sluicegate.stages.stage import Duration
from sluicegate.stages.target_settings import LatencyEdges, TargetSettings

_HOST_FORM = (
    r"^ssh://([A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
    r"(:[0-9]{1,5})?$"
)
_HOST = re.compile(_HOST_FORM)


def _check_host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError(
            "must be ssh://HOST, ssh://USER@HOST or ssh://USER@HOST:PORT, without a"
            " password, a path or an option"
        )
    return value


HostAddress = Annotated[
    str, AfterValidator(_check_host), Field(json_schema_extra={"pattern": _HOST_FORM})
]
"""A host as ssh reaches it. Nothing in it can be taken for an option of ssh."""

CookieName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

DEFAULT_COOKIE = "sluicegate_release"


LATENCY_EDGES = tuple(
    timedelta(milliseconds=edge)
    for edge in (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)
)
"""What the proxy counts by unless told otherwise."""


class DockerTarget(TargetSettings):
    """Containers behind Traefik on a Docker engine."""

    uses: Literal["docker"] = Field(description="Which kind of target it is.")
    host: HostAddress | None = Field(
        None,
        description="The host that serves, as `ssh://USER@HOST` or"
        " `ssh://USER@HOST:PORT`, reached with this user's ssh. By default it is this"
        " machine.",
    )
    ephemeral: Literal["refused", "allowed"] = Field(
        "refused",
        description="Whether a runner that goes away when the job ends may serve:"
        " for demos and try-outs.",
    )
    sticky: StrictBool | CookieName = Field(
        default=False,
        description="Whether a client stays with the release that served it first, by"
        " a cookie: `true`, or how the cookie's name begins.",
    )
    port: int = Field(
        ge=1, le=65535, description="The port on which the container listens."
    )
    publish: int = Field(
        8080, ge=1, le=65535, description="The port on which this host serves."
    )
    bind: str = Field("127.0.0.1", description="The address on which this host serves.")
    health: str = Field(
        "/healthz", pattern=r"^/[!-~]*$", description="Answers 2xx once ready."
    )
    drain: Duration = Field(
        timedelta(seconds=5),
        description="Time for open requests before a container stops.",
    )
    answer_timeout: Duration = Field(
        timedelta(seconds=60),
        description="How long a release may take to begin an answer; then the proxy"
        " answers 504, which counts as failed. A proxy that runs keeps its own until it"
        " is replaced.",
    )
    env: dict[str, str] = Field(
        default_factory=dict, description="Environment variables of the containers."
    )
    latency_edges: LatencyEdges = Field(
        LATENCY_EDGES,
        min_length=1,
        max_length=30,
        description="Times by which the proxy counts slower requests, rising. A proxy"
        " that runs keeps its own until it is replaced.",
    )

    @property
    @override
    def is_here(self) -> bool:
        return self.host is None

    @property
    @override
    def cookie(self) -> str | None:
        """How the name of the cookie begins that clients stay by, None without one."""
        if self.sticky is True:
            return DEFAULT_COOKIE
        return self.sticky or None
