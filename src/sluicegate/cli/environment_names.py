"""Whether there is an environment by a name that somebody typed."""

import difflib
from collections.abc import Sequence

from sluicegate.cli.output import warn
from sluicegate.config.names import read_environments
from sluicegate.errors import PipelineFileError, UsageError
from sluicegate.model.log_state import LogState
from sluicegate.wiring.requests import Requests


def require_environment(name: str, requests: Requests) -> None:
    """See to it that there is such an environment: a slip does nothing, unnoticed.

    Raises:
        UsageError: none is known by that name.
    """
    known = _known(requests)
    if name in known:
        return
    close = difflib.get_close_matches(name, known, n=1)
    meant = f" (did you mean {close[0]}?)" if close else ""
    names = f"known are: {', '.join(known)}" if known else "no other is known either"
    raise UsageError(
        f"no environment is called {name!r}{meant}",
        hint=f"{names}; those of the pipeline file here, or of --file, and of the log",
    )


def _known(requests: Requests) -> Sequence[str]:
    """The environments of the pipeline file and of the log.

    A file that cannot be read keeps nobody from what the log knows.
    """
    file = requests.inboxes.file
    names: Sequence[str] = ()
    try:
        names = read_environments(file.read_bytes(), str(file))
    except (OSError, PipelineFileError) as error:
        if not isinstance(error, FileNotFoundError):
            warn([f"{file} cannot be read for the names of environments: {error}"])
    state = LogState() if requests.log is None else requests.state
    return tuple(dict.fromkeys((*names, *state.stable, *state.rollouts, *state.locks)))
