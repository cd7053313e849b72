"""Sequential statistics of a canary, pure. `judge` is the way in.

``from sluicegate.canary import Judge`` gives the judge alone, for any rollout tool.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sluicegate.canary.standalone import Judge

__all__ = ["Judge"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load `Judge` when it is asked for: others need but a part of this package."""
        if name != "Judge":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from sluicegate.canary.standalone import Judge  # noqa: PLC0415 - see above

        return Judge
