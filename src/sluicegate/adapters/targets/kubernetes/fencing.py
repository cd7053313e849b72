"""The fence by which an environment is changed, or none where no log gave a lease."""

from sluicegate.adapters.kubernetes.fence import Fence

NO_FENCE = Fence("", 0)
"""Of whoever raised none: refused wherever there is one."""


def written_fence(fence: Fence) -> dict[str, str]:
    """The annotations that say *fence*; none without one."""
    return {} if fence == NO_FENCE else dict(fence.annotation)
