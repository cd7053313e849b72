"""One repository of a registry, and what is put into it besides images.

Source:
    https://github.com/opencontainers/distribution-spec v1.1, "Pull" and "Push".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlsplit

from sluicegate.adapters.registries.docker_registry import (
    HUB,
    HUB_API,
    find_certificates,
    split_reference,
)
from sluicegate.adapters.registries.logins import DockerLogins
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.publication import ServedManifest

if TYPE_CHECKING:
    from sluicegate.adapters.registries.http import RegistryHttp

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
_BYTES = "application/octet-stream"
_ACCEPTED, _CREATED = 202, 201
_MAX_BLOB_BYTES = 2 << 30
_ATTEMPTS = 4
_FIRST_WAIT_SECONDS = 0.5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RegistryAccess:
    """How this user reaches registries.

    *logins* finds who to be, *may_be_insecure* says of a registry whether it may be
    spoken to without TLS, *sleep* waits seconds before something is tried again.
    *ca_bundle* is a file of certificates that this host trusts, None for the usual
    ones.
    """

    logins: DockerLogins
    may_be_insecure: Callable[[str], bool]
    sleep: Callable[[float], None]
    ca_bundle: str | None = None

    def open(self, registry: str) -> "RegistryHttp":
        """Speak to the registry with that name.

        Raises:
            TransientError: it does not answer.
            PermanentError: TLS is not possible, and has to be; or the credentials
                cannot be read.
        """
        from sluicegate.adapters.registries.http import (  # noqa: PLC0415 - slow
            NotTlsError,
            RegistryHttp,
        )

        host = HUB_API if registry == HUB else registry
        login = self.logins.find(registry)
        certificates = find_certificates(registry, self.ca_bundle)
        http = RegistryHttp(host, registry, "https", login, certificates)
        try:
            http.reach()
        except NotTlsError:
            if not self.may_be_insecure(registry):
                raise
            return RegistryHttp(host, registry, "http", login, certificates)
        return http


class Repository:
    """Blobs and manifests of the repository *name*, ``HOST/PATH``.

    All its methods raise TransientError where the registry does not answer, or not now,
    after several tries, and PermanentError where it refuses or cannot be understood.
    For one thread.
    """

    def __init__(self, name: str, access: RegistryAccess) -> None:
        self.name = name
        self.registry, self.path, _ = split_reference(f"{name}:any")
        self._access = access
        self._http: RegistryHttp | None = None
        # Who may read only must not ask for more, or gets nothing.
        self._pull = f"repository:{self.path}:pull"
        self._push = f"repository:{self.path}:pull,push"

    def blob(self, digest: Digest) -> bytes | None:
        """The blob, or whatever is served in its stead; None if nothing is."""
        path, most = self._blob(digest), _MAX_BLOB_BYTES
        reply = self._again(lambda http: http.get(path, self._pull, _BYTES, most=most))
        return None if reply is None else reply.data

    def has_blob(self, digest: Digest) -> bool:
        """Whether the repository says that it holds the blob."""
        path = self._blob(digest)
        return self._again(lambda http: http.has(path, self._push, _BYTES))

    def put_blob(self, data: bytes) -> Digest:
        """Have the repository hold *data*; nothing is sent that is there already."""
        digest = Digest.of(data)
        if not self.has_blob(digest):
            self._again(lambda http: self._upload(http, digest, data))
        return digest

    def manifest(
        self, reference: str, accepted: Sequence[str] = (MANIFEST, INDEX)
    ) -> ServedManifest | None:
        """What is served under a tag or digest, None if nothing is.

        *accepted* are the media types that it may have.
        """
        path, accept = self._manifest(reference), ", ".join(accepted)
        reply = self._again(lambda http: http.get(path, self._push, accept))
        return None if reply is None else ServedManifest(reply.content_type, reply.data)

    def put_manifest(self, reference: str, manifest: ServedManifest) -> str:
        """Have *manifest* served under a tag, or under its digest.

        Returns:
            The digest that the registry has taken note of as the manifest's subject;
            empty if it does not know what that is.
        """

        def put(http: "RegistryHttp") -> str:
            return http.send(
                "PUT",
                self._manifest(reference),
                self._push,
                manifest.data,
                content_type=manifest.media_type,
                expected={_CREATED},
            ).subject

        return self._again(put)

    def _upload(self, http: "RegistryHttp", digest: Digest, data: bytes) -> None:
        path = f"/v2/{quote(self.path)}/blobs/uploads/"
        begun = http.send(
            *("POST", path, self._push, b""), content_type=_BYTES, expected={_ACCEPTED}
        )
        if not begun.location:
            raise PermanentError(f"{self.registry} does not say where to send data")
        mark = "&" if urlsplit(begun.location).query else "?"
        where = f"{begun.location}{mark}digest={quote(str(digest))}"
        http.send(
            *("PUT", where, self._push, data), content_type=_BYTES, expected={_CREATED}
        )

    def _again(self, act: "Callable[[RegistryHttp], T]") -> T:
        for number in range(_ATTEMPTS - 1):
            try:
                return act(self._opened)
            except TransientError:
                self._access.sleep(_FIRST_WAIT_SECONDS * 2**number)
        return act(self._opened)

    @property
    def _opened(self) -> "RegistryHttp":
        if self._http is None:
            self._http = self._access.open(self.registry)
        return self._http

    def _blob(self, digest: Digest) -> str:
        return f"/v2/{quote(self.path)}/blobs/{digest}"

    def _manifest(self, reference: str) -> str:
        return f"/v2/{quote(self.path)}/manifests/{quote(reference, safe=':')}"
