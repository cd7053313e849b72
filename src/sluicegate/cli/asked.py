"""What ``sluice approvals`` does and shows."""

import sys
from collections.abc import Iterator
from pathlib import Path

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, warn, write_result
from sluicegate.cli.request_lines import show_lines
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.errors import MissingError, UsageError
from sluicegate.report.request import (
    RequestView,
    Standing,
    list_lines,
    request_lines,
)
from sluicegate.report.request_document import request_document, requests_document
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project
from sluicegate.wiring.request_view import Viewer
from sluicegate.wiring.requests import Requests


def open_requests(file: Path | None, log: str | None) -> Requests:
    """The requests of the log in the place *log*, else of the pipeline file's.

    Raises:
        UsageError: the file cannot be used.
    """
    machine = Machine()
    if file is None or log is not None:
        place = LogPlace.of(machine, log)
    else:
        place = LogPlace.of_project(Project(machine, file))
    return Requests(Inboxes(place, file or Path(PIPELINE_FILE)))


def list_requests(requests: Requests, *, shows_all: bool, as_json: bool) -> ExitCode:
    """List the open requests, or all."""
    use_what_the_terminal_has()
    requests.require_log()
    views = list(_views(requests, shows_all=shows_all, whole=as_json))
    if as_json:
        write_result(requests_document(views))
    elif views:
        show_lines(list_lines(views, requests.now), sys.stdout)
    else:
        over = len(requests.all())
        more = f"; {over} are over, and --all lists them" if over else ""
        write_result(f"no release waits for anybody{more}")
    return ExitCode.OPEN


def show_request(requests: Requests, text: str, *, as_json: bool) -> ExitCode:
    """Show the request that *text* names."""
    use_what_the_terminal_has()
    view = Viewer(requests, requests.find(text)).view()
    if as_json:
        write_result(request_document(view))
    else:
        show_lines(request_lines(view, requests.now), sys.stdout)
    return ExitCode.OPEN


def save_request(requests: Requests, text: str, file: Path) -> ExitCode:
    """Write the request that *text* names to *file*, and overwrite nothing."""
    found = requests.find(text)
    data = requests.place.evidence.load(found.id)
    try:
        with file.open("xb") as stream:
            stream.write(data)
    except FileExistsError as error:
        raise UsageError(
            f"{file} is there already", hint="remove it, or name another with --save"
        ) from error
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    write_result(f"{file}: request {found.id.hex}\n`sluice approve {file}` answers it")
    return ExitCode.OPEN


def _views(
    requests: Requests, *, shows_all: bool, whole: bool
) -> Iterator[RequestView]:
    for entry in requests.all() if shows_all else requests.open:
        try:
            viewer = Viewer(requests, requests.load(entry))
        except MissingError as error:
            if requests.standing(entry)[0] is Standing.OPEN:
                raise
            warn([f"not shown: {error}"])  # what is over may be gone by retention
            continue
        view = viewer.view() if whole else viewer.row()
        if shows_all or view.standing is Standing.OPEN:
            yield view
