"""Deployments as GitHub shows them."""

from collections.abc import Iterator, Mapping

from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.library import understood
from sluicegate.adapters.github.names import check_commit
from sluicegate.adapters.github.node import Node
from sluicegate.adapters.github.reading import read_deployment, read_deployment_state
from sluicegate.model.code_host import DeploymentState, HostedDeployment


class GithubDeployments:
    """Deployments; see `sluicegate.ports.code_host.Feedback`."""

    def __init__(self, client: GithubClient) -> None:
        self._client = client

    def deployments(self, commit: str, environment: str) -> Iterator[HostedDeployment]:
        """How each stands is asked for when it is come to."""
        for node in self._nodes(commit, environment):
            yield read_deployment(node, self._state(node.number("id")))

    def create_deployment(
        self,
        commit: str,
        environment: str,
        payload: Mapping[str, str],
        description: str,
    ) -> HostedDeployment:
        """One with that payload is not made again."""

        def act(_again: bool) -> HostedDeployment:  # noqa: FBT001 - by position
            for node in self._nodes(commit, environment):
                known = read_deployment(node, None)
                if known.payload == payload:
                    return known
            with understood():
                made = self._client.repository.create_deployment(
                    commit,
                    auto_merge=False,
                    required_contexts=[],
                    payload=dict(payload),
                    environment=environment,
                    description=description,
                ).raw_data
            return read_deployment(Node(made, "the new deployment"), None)

        return self._client.surely(act)

    def set_deployment_state(
        self,
        deployment: int,
        state: DeploymentState,
        *,
        description: str,
        log_url: str | None = None,
        environment_url: str | None = None,
    ) -> None:
        """Of the URLs, PyGithub knows only the older one of two."""
        urls = {"log_url": log_url, "environment_url": environment_url}
        body = {
            "state": state.value,
            "description": description,
            **{name: url for name, url in urls.items() if url is not None},
        }

        def act(again: bool) -> None:  # noqa: FBT001 - called by position
            if again and self._state(deployment) is state:
                return
            self._client.post(self._statuses(deployment), body)

        self._client.surely(act)

    def _nodes(self, commit: str, environment: str) -> Iterator[Node]:
        """GitHub looks for the name of the environment in any case."""
        asked = {"sha": check_commit(commit), "environment": environment}
        for node in self._client.pages(f"{self._client.path}/deployments", asked):
            if (node.text("sha"), node.text("environment")) == (commit, environment):
                yield node

    def _state(self, deployment: int) -> DeploymentState | None:
        asked = {"per_page": 1}
        for node in self._client.pages(self._statuses(deployment), asked):
            return read_deployment_state(node)
        return None

    def _statuses(self, deployment: int) -> str:
        return f"{self._client.path}/deployments/{deployment:d}/statuses"
