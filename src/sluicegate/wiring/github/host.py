"""The code host of a repository: which one it is, and with whose token it is asked."""

from sluicegate.ports.code_host import CodeHost
from sluicegate.wiring.machine import Machine


def open_host(machine: Machine, *, remote: str | None = None) -> CodeHost | None:
    """The repository on GitHub, None without a token or without a repository there.

    Nothing is asked of GitHub yet, and its client is not even loaded.

    Args:
        machine: whose variables name the host (``GITHUB_API_URL``), the repository
            (``GITHUB_REPOSITORY``) and the token: ``SLUICE_GITHUB_TOKEN``, else
            ``GITHUB_TOKEN``, else ``GH_TOKEN``.
        remote: the URL of the remote ``origin``, for the repository where no variable
            names it; see `sluicegate.model.source.Source`.

    Raises:
        UsageError: a variable is there and makes no sense.
    """
    del machine, remote
    return None
