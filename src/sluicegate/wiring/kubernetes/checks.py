"""What an error of a look at a cluster is among the findings."""

from sluicegate.adapters.kubernetes.errors import ForbiddenError
from sluicegate.errors import SluicegateError, TransientError
from sluicegate.model.host_check import HostCheck, Standing


def found_by(topic: str, error: SluicegateError, why: str = "") -> HostCheck:
    """What *error* says of *topic*: a problem, or unknown if it may not be looked at.

    What passes by itself is unknown as well.
    """
    is_unknown = isinstance(error, ForbiddenError | TransientError)
    standing = Standing.UNKNOWN if is_unknown else Standing.PROBLEM
    return HostCheck(topic, standing, str(error), why, error.hint or "")


def fine(topic: str, what: str) -> HostCheck:
    """*topic* is as it should be."""
    return HostCheck(topic, Standing.FINE, what)


def problem(topic: str, what: str, fix: str, why: str = "") -> HostCheck:
    """*topic* has to be mended."""
    return HostCheck(topic, Standing.PROBLEM, what, why, fix)
