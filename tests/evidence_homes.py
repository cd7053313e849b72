"""Every store of evidence, as the contract suite opens them.

To add one, write a subclass of `EvidenceHome` and name it in `HOMES`.
"""

import resource
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from fakes import START, FakeEvidence
from fakes_bucket import Line
from log_stores import git, make_checkout, make_remote, open_git
from registry_service import USER, RealRegistry
from s3_logs import ADDRESS, RETENTION, World
from typing_extensions import override

from sluicegate.adapters.process_plain import PlainRunner
from sluicegate.adapters.registries.evidence import OciEvidence
from sluicegate.adapters.registries.logins import DockerLogins, Login
from sluicegate.adapters.registries.repository import RegistryAccess, Repository
from sluicegate.adapters.stop import StopRequest
from sluicegate.adapters.stores.bucket_evidence import BucketEvidence
from sluicegate.adapters.stores.bucket_files import LockedFiles
from sluicegate.adapters.stores.evidence import EvidenceDirectory
from sluicegate.adapters.stores.git_evidence import GitEvidence
from sluicegate.adapters.stores.moved import MovedEvidence
from sluicegate.adapters.stores.waiting import WaitingEvidence, name_of
from sluicegate.errors import TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.git_address import DEFAULT_REF
from sluicegate.ports.evidence import EvidenceStore

PATH = "acme/evidence"


class EvidenceHome(ABC):
    """An empty place for evidence in *folder*, which is the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def open(self) -> EvidenceStore:
        """The evidence, as another machine or process has it each time."""

    def settle(self) -> None:  # noqa: B027 - most have nothing to do
        """Let go with the log what goes with it only."""

    @abstractmethod
    def content(self) -> object:
        """All that is there, to be compared."""

    @abstractmethod
    def change(self, files: Mapping[Digest, bytes]) -> None:
        """Put other bytes in the place of files, behind the store's back."""

    @abstractmethod
    def lose(self, digest: Digest) -> None:
        """Take a file away, likewise."""

    @abstractmethod
    @contextmanager
    def away(self) -> Iterator[None]:
        """While in the context, nobody can reach the place."""

    def close(self) -> None:  # noqa: B027 - likewise
        """End what serves it."""


class FakeHome(EvidenceHome):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._kept: dict[Digest, bytes] = {}
        self._fault: TransientError | None = None

    @override
    def open(self) -> EvidenceStore:
        return FakeEvidence(self._kept, self._fault, START)

    @override
    def content(self) -> object:
        return dict(self._kept)

    @override
    def change(self, files: Mapping[Digest, bytes]) -> None:
        self._kept.update(files)

    @override
    def lose(self, digest: Digest) -> None:
        del self._kept[digest]

    @override
    @contextmanager
    def away(self) -> Iterator[None]:
        self._fault = TransientError("it does not answer")
        yield
        self._fault = None


class FolderHome(EvidenceHome):
    @property
    def root(self) -> Path:
        return self.folder / "evidence"

    @override
    def open(self) -> EvidenceStore:
        return EvidenceDirectory(self.root)

    @override
    def content(self) -> object:
        files = (path for path in self.root.rglob("*") if path.is_file())
        return {path: path.read_bytes() for path in files}

    def _path(self, digest: Digest) -> Path:
        return self.root / name_of(digest)

    @override
    def change(self, files: Mapping[Digest, bytes]) -> None:
        for digest, data in files.items():
            self._path(digest).write_bytes(data)

    @override
    def lose(self, digest: Digest) -> None:
        self._path(digest).unlink()

    @override
    @contextmanager
    def away(self) -> Iterator[None]:
        """No file can be opened: a user with all rights is refused nothing else."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class MovedHome(FolderHome):
    """A folder that took the place of another one."""

    @override
    def open(self) -> EvidenceStore:
        before = self.folder / "before"
        return MovedEvidence(super().open(), lambda: EvidenceDirectory(before))


class GitHome(EvidenceHome):
    """The ref of a log on a remote."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._project = make_checkout(folder / "project")
        self._remote = make_remote(folder / "remote.git")
        git("remote", "add", "origin", "../remote.git", cwd=self._project)
        self._opened: list[WaitingEvidence] = []
        self._size = 0

    @override
    def open(self) -> EvidenceStore:
        number = len(self._opened)
        waiting = WaitingEvidence(self.folder / f"waiting{number}")
        self._opened.append(waiting)
        return GitEvidence(open_git(self._project, self._cache(number)), waiting)

    def _cache(self, number: int) -> Path:
        return self.folder / f"cache{number}"

    @override
    def settle(self) -> None:
        for number, waiting in enumerate(self._opened):
            if not list(waiting.all()):
                continue
            log = open_git(self._project, self._cache(number), waiting=waiting)
            with log.exclusive():
                self._size += 1
                new = f"log.example/a\n{self._size}\nroot\n".encode()
                log.commit(log.load(), [(f"tile/0/000.p/{self._size}", b"x")], new)

    @override
    def content(self) -> object:
        tree = git("ls-tree", "-r", DEFAULT_REF, "evidence/", cwd=self._remote)
        return tree.splitlines()

    @contextmanager
    def _editing(self) -> Iterator[Path]:
        work = self.folder / "work"
        branch = DEFAULT_REF.removeprefix("refs/heads/")
        git("clone", "-q", "-b", branch, str(self._remote), "work", cwd=self.folder)
        yield work / "evidence"
        git("commit", "--quiet", "-a", "-m", "Mend", cwd=work)
        git("push", "--quiet", cwd=work)

    @override
    def change(self, files: Mapping[Digest, bytes]) -> None:
        with self._editing() as folder:
            for digest, data in files.items():
                (folder / name_of(digest)).write_bytes(data)

    @override
    def lose(self, digest: Digest) -> None:
        with self._editing() as folder:
            (folder / name_of(digest)).unlink()

    @override
    @contextmanager
    def away(self) -> Iterator[None]:
        there = self._remote.rename(self.folder / "unplugged.git")
        yield
        there.rename(self._remote)


class BucketHome(EvidenceHome):
    """A bucket that locks what is written, in the strict fake."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._world = World()
        self._is_away = False

    @override
    def open(self) -> EvidenceStore:
        line = Line(self._world.s3)

        def answer(_: str) -> None:
            if self._is_away:
                raise TransientError("it does not answer")

        line.before = answer
        files = LockedFiles(line.bucket(ADDRESS.place), ADDRESS.locking)
        return BucketEvidence(files, lambda: RETENTION)

    @override
    def content(self) -> object:
        objects = self._world.bucket.objects
        return {key: [each.data for each in objects[key]] for key in objects}

    def _key(self, digest: Digest) -> str:
        return f"{ADDRESS.place.prefix}{name_of(digest)}"

    @override
    def change(self, files: Mapping[Digest, bytes]) -> None:
        for digest, data in files.items():
            versions = self._world.bucket.objects[self._key(digest)]
            versions[:] = [replace(each, data=data) for each in versions]

    @override
    def lose(self, digest: Digest) -> None:
        del self._world.bucket.objects[self._key(digest)]

    @override
    @contextmanager
    def away(self) -> Iterator[None]:
        self._is_away = True
        yield
        self._is_away = False


class OneLogin(DockerLogins):
    """The login that everybody has who opens the registry of a test."""

    def __init__(self, password: str) -> None:
        super().__init__("/", PlainRunner(StopRequest(), {}))
        self._password = password

    @override
    def find(self, registry: str) -> Login | None:
        return Login(USER, self._password)


def open_repository(registry: RealRegistry, path: str = PATH) -> Repository:
    """A repository as this user reaches it who does not wait between tries."""
    logins = OneLogin(registry.password)
    access = RegistryAccess(logins, lambda _: True, lambda _: None)
    return Repository(f"{registry.host}/{path}", access)


class OciHome(EvidenceHome):
    """A real registry, Debian's docker-registry."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.registry = RealRegistry(folder / "registry")
        self.registry.start()

    @override
    def open(self) -> EvidenceStore:
        return OciEvidence(open_repository(self.registry))

    @property
    def _data(self) -> Path:
        return self.registry.folder / "data/docker/registry/v2"

    @override
    def content(self) -> object:
        files = (path for path in self._data.rglob("*") if path.is_file())
        return {path: path.read_bytes() for path in files}

    @override
    def change(self, files: Mapping[Digest, bytes]) -> None:
        for digest, data in files.items():
            place = self._data / "blobs" / name_of(digest) / "data"
            assert place.is_file()
            place.write_bytes(data)

    @override
    def lose(self, digest: Digest) -> None:
        shutil.rmtree(
            self._data / "repositories" / PATH / "_layers/sha256" / digest.hex
        )

    @override
    @contextmanager
    def away(self) -> Iterator[None]:
        self.registry.kill()
        yield
        self.registry.start()

    @override
    def close(self) -> None:
        self.registry.kill()


HOMES: Mapping[str, Callable[[Path], EvidenceHome]] = {
    "fake": FakeHome,
    "dir": FolderHome,
    "moved": MovedHome,
    "git": GitHome,
    "s3": BucketHome,
    "oci": OciHome,
}
"""The stores that the contract suite is run on, by name."""
