"""Images of the Docker engine as files, through the Docker client."""

from datetime import timedelta

from typing_extensions import override

from sluicegate.adapters.handing.archive import check_archive
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command
from sluicegate.model.digest import Digest
from sluicegate.ports.image_archive import ImageArchives
from sluicegate.ports.process import ProcessRunner
from sluicegate.ports.tools import ToolFinder

_TIMEOUT = timedelta(minutes=30)


class EngineImages(ImageArchives):
    """The engine that the client of *tools* speaks to, run in *folder*."""

    def __init__(self, folder: str, runner: ProcessRunner, tools: ToolFinder) -> None:
        self._folder, self._runner, self._tools = folder, runner, tools

    @override
    def save(self, image: Digest, path: str) -> None:
        # By its ID: an archive of a name would bring the name along.
        self._docker("save", "--output", path, str(image))

    @override
    def load(self, image: Digest, path: str, name: str) -> None:
        check_archive(path, image)
        self._docker("load", "--quiet", "--input", path)
        asked = ("image", "inspect", "--format", "{{.Id}}", str(image))
        found = self._docker(*asked).strip()
        if found != str(image).encode():
            raise PermanentError(
                f"the engine has loaded another image than {image}",
                hint="both jobs need engines that keep images alike: with containerd's"
                " store, or without",
            )
        self._docker("tag", str(image), name)

    def _docker(self, *arguments: str) -> bytes:
        argv = (*self._tools.find("docker").argv, *arguments)
        command = Command(argv, self._folder, _TIMEOUT)
        result = self._runner.run(command, lambda _line: None)
        if result.timed_out:
            raise PermanentError(f"docker {arguments[0]} took more than {_TIMEOUT}")
        if result.exit_code != 0:
            said = result.stderr.decode(errors="replace").strip()[-300:]
            raise PermanentError(f"docker {arguments[0]} failed: {said}")
        return result.stdout
