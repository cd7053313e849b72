"""What is said of errors, defects among them: without secrets, whoever raised it.

An error may be of any part of this process, and of any library. So all that this
process knows to be secret is hidden in what is said last.
"""

import os
import sys
import threading
import traceback
from pathlib import Path

import click

_UNSHOWN = "(what it says is not shown: secrets could not be hidden in it)"


def without_secrets(text: str) -> str:
    """*text* without what this process was given, or has fetched, and must not show."""
    try:
        from sluicegate.adapters.learned_secrets import (  # noqa: PLC0415 - not for --help
            everything_learned,
        )
        from sluicegate.adapters.masking import Masks  # noqa: PLC0415 - likewise

        environ = dict(os.environ)  # noqa: TID251 - says what, not how
        folder = environ.get("DOCKER_CONFIG") or Path.home() / ".docker"
        masks = Masks(environ, Path(folder) / "config.json")
        masks.hide(everything_learned())
        return masks.text(text)
    except Exception:  # noqa: BLE001 - whatever it is, it must not show them
        return _UNSHOWN


def show_traceback(error: BaseException) -> None:
    """Write where in the code *error* was raised, and what led there."""
    text = "".join(traceback.format_exception(error))
    click.echo(without_secrets(text), err=True, nl=False)


def hear_of_threads() -> None:
    """Let what ends a thread, or is raised where nobody hears it, be said likewise."""
    threading.excepthook = lambda told: _say(told.exc_value, told.thread)
    sys.unraisablehook = lambda told: _say(told.exc_value, told.object)


def _say(error: BaseException | None, where: object) -> None:
    if error is not None and not isinstance(error, SystemExit):
        click.echo(f"in {type(where).__name__}:", err=True)
        show_traceback(error)
