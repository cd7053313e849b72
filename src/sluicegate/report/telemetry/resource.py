"""Who tells: the service, the pipeline and the commit, as attributes of a resource.

Metrics are told for the pipeline alone: the id of a run or a commit in them would make
a series of its own out of every run.
"""

import re
from collections.abc import Mapping

from sluicegate import __version__
from sluicegate.model.event import RunStarted
from sluicegate.model.source import Source
from sluicegate.report.telemetry import names
from sluicegate.report.telemetry.records import Value

_REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^/]*@)?|[^@/:\s]+@)"
    r"(?P<host>[A-Za-z0-9.-]+)(?::[0-9]+(?=/))?[:/]"
    r"/?(?P<path>[^?#@\s]+?)(?:\.git)?/?"
)
_PROVIDERS = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "bitbucket.org": "bitbucket",
}


def pipeline_resource(
    pipeline: str, source: Source, given: Mapping[str, str]
) -> dict[str, Value]:
    """The pipeline of a repository.

    *given* are attributes from outside: they may name the service, and add to ours.
    """
    found: dict[str, Value] = {
        names.SERVICE: names.SCOPE,
        **given,
        names.SERVICE_VERSION: __version__,
        names.SDK: names.SCOPE,
        names.SDK_LANGUAGE: "python",
        names.SDK_VERSION: __version__,
        names.PIPELINE: pipeline,
    }
    return found | repository_attributes(source.remote)


def run_resource(
    pipeline: Mapping[str, Value],
    run_id: str,
    url: str | None,
    started: RunStarted,
    tag: str | None,
) -> dict[str, Value]:
    """One run: *pipeline*, with what tells its runs apart."""
    found: dict[str, Value] = {
        **pipeline,
        names.RUN_ID: run_id,
        names.REVISION: started.commit,
    }
    if url is not None:
        found[names.RUN_URL] = url
    if started.branch is not None or tag is not None:
        found[names.HEAD] = started.branch or tag or ""
        found[names.HEAD_TYPE] = "branch" if started.branch else "tag"
    return found


def repository_attributes(remote: str | None) -> dict[str, Value]:
    """What a Git remote says, without logins; nothing of one that is no address."""
    parts = _REMOTE.fullmatch(remote or "")
    if parts is None:
        return {}
    host, path = parts["host"].lower(), parts["path"]
    owner, _, name = path.rpartition("/")
    found: dict[str, Value] = {
        names.REPOSITORY_URL: f"https://{host}/{path}",
        names.REPOSITORY: name,
    }
    if owner:
        found[names.OWNER] = owner
    if host in _PROVIDERS:
        found[names.PROVIDER] = _PROVIDERS[host]
    return found
