"""Where the templates are: inside the installed package, or in its source tree."""

from pathlib import Path

from sluicegate.errors import PermanentError

_PACKAGE = Path(__file__).resolve().parents[1]


def templates() -> Path:
    """The folder of templates.

    Raises:
        PermanentError: it is in neither place.
    """
    for place in (_PACKAGE / "templates", _PACKAGE.parents[1] / "templates"):
        if (place / "sample-service").is_dir():
            return place
    raise PermanentError(
        "the templates of sluicegate are missing", hint="install sluicegate again"
    )
