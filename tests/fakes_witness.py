"""A witness in memory, as strict as the specification."""

import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typing_extensions import override

from sluicegate.errors import IntegrityError
from sluicegate.model.witness import Answer, Conflict, Cosignatures, Refusal, Refused
from sluicegate.ports.witness import CheckpointWitness
from sluicegate.tlog.checkpoint import Checkpoint, parse_checkpoint
from sluicegate.tlog.hashes import EMPTY_ROOT
from sluicegate.tlog.merkle import check_consistency
from sluicegate.tlog.note import (
    COSIGNATURE_V1,
    Note,
    Signature,
    VerifierKey,
    format_note,
    parse_note,
    verify_note,
)
from sluicegate.tlog.policy import Witness
from sluicegate.tlog.signature import verify_signature


@dataclass
class FakeWitness(CheckpointWitness):
    """Knows the logs of *keys*. ``requests`` counts what it was asked.

    Source:
        https://c2sp.org/tlog-witness, "add-checkpoint".
    """

    name: str
    keys: list[VerifierKey]
    at: int = 1795305600
    requests: int = 0
    last: Checkpoint | None = None
    before: Callable[[], object] = lambda: None

    @property
    def witness(self) -> Witness:
        return Witness(self.name, self.key)

    @property
    def key(self) -> VerifierKey:
        public = self._private.public_key().public_bytes_raw()
        return VerifierKey(f"{self.name}.example", COSIGNATURE_V1, public)

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(sha256(self.name.encode()).digest())

    @override
    def add_checkpoint(self, request: bytes) -> Answer:
        self.requests += 1
        self.before()
        lines, _, raw = request.partition(b"\n\n")
        old_line, *proof_lines = lines.decode().split("\n")
        old, proof = int(old_line.removeprefix("old ")), map(b64decode, proof_lines)
        note = parse_note(raw)
        state = parse_checkpoint(note.text)
        if state.origin not in {key.name for key in self.keys}:
            return Refused(Refusal.UNKNOWN_LOG, "unknown log")
        try:
            verify_note(note, self.keys, verify_signature)
        except IntegrityError as error:
            return Refused(Refusal.NOT_SIGNED, str(error))
        if old > state.size:
            return Refused(Refusal.MALFORMED, "old size above size")
        if old != (self.last.size if self.last else 0):
            return Conflict(self.last.size if self.last else 0)
        try:
            root = self.last.root if self.last else EMPTY_ROOT
            check_consistency(old, state.size, list(proof), root, state.root)
        except IntegrityError as error:
            return Refused(Refusal.FORK, str(error))
        self.last = state
        return Cosignatures(self.sign(note.text))

    def sign(self, text: str) -> bytes:
        """Signature lines, without looking at what is signed."""
        line = self.cosign(text)
        return format_note(Note("", (line,))).removeprefix(b"\n")

    def cosign(self, text: str, at: int | None = None) -> Signature:
        at = self.at if at is None else at
        message = f"cosignature/v1\ntime {at}\n{text}".encode()
        blob = at.to_bytes(8, "big") + self._private.sign(message)
        return Signature(self.key.name, self.key.key_id, blob)


@contextmanager
def serve_fake(fake: FakeWitness) -> Iterator[str]:
    """Serve *fake* over HTTP on this machine; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            status, kind, body = _reply(fake.add_checkpoint(self.rfile.read(length)))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _reply(answer: Answer) -> tuple[int, str, bytes]:
    match answer:
        case Cosignatures():
            return 200, "text/plain", answer.lines
        case Conflict():
            return 409, "text/x.tlog.size", b"%d\n" % answer.size
        case Refused():
            return answer.refusal.value, "text/plain", answer.detail.encode()
