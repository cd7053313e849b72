"""A repository on GitHub."""

from typing_extensions import override

from sluicegate.adapters.github.checks import GithubChecks
from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.comments import GithubComments
from sluicegate.adapters.github.deployments import GithubDeployments
from sluicegate.adapters.github.reading import read_repository
from sluicegate.adapters.github.runs import GithubRuns
from sluicegate.model.code_host import HostedRepository
from sluicegate.ports.code_host import CodeHost


class GithubHost(GithubRuns, GithubChecks, GithubComments, GithubDeployments, CodeHost):
    """The repository of *client*; nothing is loaded before something is asked."""

    def __init__(self, client: GithubClient) -> None:
        super().__init__(client)

    @override
    def repository(self) -> HostedRepository:
        return read_repository(self._client.get_repository())
