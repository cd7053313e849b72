"""A strict stand-in of MLflow's server, as far as a champion is asked for.

It refuses what MLflow refuses, with its words, status and form (taken from MLflow
3.17.2), and what MLflow would pass over: a parameter that it does not know.
"""

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

_ABSENT, _INVALID = "RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"
_STATUS = {_ABSENT: 404, _INVALID: 400}
_API = "/api/2.0/mlflow"


class RefusedError(Exception):
    """What is answered as an error: MLflow's word, and what it says."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Version:
    """A version of a model."""

    run_id: str | None
    status: str = "READY"


@dataclass
class FakeMlflow:
    """Models by name, and the files of runs; ``asked`` are the requests.

    ``login`` is the header that everybody must send, if there is one. ``answers`` take
    the place of what it would say, by path.
    """

    url: str = ""
    versions: dict[str, list[Version]] = field(default_factory=dict)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    artifacts: dict[str, dict[str, bytes]] = field(default_factory=dict)
    login: str | None = None
    answers: dict[str, tuple[int, Mapping[str, str], bytes]] = field(
        default_factory=dict
    )
    asked: list[str] = field(default_factory=list)

    def begin_run(self) -> str:
        """Make a run; its id."""
        run = f"{len(self.artifacts):032x}"
        self.artifacts[run] = {}
        return run

    def log(self, run: str, path: str, data: bytes) -> None:
        """Let *run* have a file."""
        self.artifacts[run][path] = data

    def register(self, model: str, run: str | None, alias: str | None) -> str:
        """Make a version of *model* out of *run*; its number."""
        versions = self.versions.setdefault(model, [])
        versions.append(Version(run))
        if alias is not None:
            self.aliases.setdefault(model, {})[alias] = str(len(versions))
        return str(len(versions))

    def find(
        self, path: str, query: str, login: str | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of what is answered."""
        if self.login is not None and login != self.login:
            text = b"You are not authenticated. Please see https://www.mlflow.org/"
            return 401, {"Content-Type": "text/html; charset=utf-8"}, text
        if path in self.answers:
            return self.answers[path]
        asked = {key: value for key, (value,) in parse_qs(query).items()}
        try:
            return 200, {}, self.answer(path, asked)
        except RefusedError as error:
            said = {"error_code": error.code, "message": str(error)}
            return _STATUS[error.code], {}, json.dumps(said).encode()

    def answer(self, path: str, asked: Mapping[str, str]) -> bytes:
        """The body of an answer.

        Raises:
            RefusedError: there is no such thing.
        """
        if path == f"{_API}/registered-models/get" and asked.keys() == {"name"}:
            return _json({"registered_model": self._model(asked["name"])})
        wanted = {"name", "version"}
        if path == f"{_API}/model-versions/get" and asked.keys() == wanted:
            found = self._version(asked["name"], asked["version"])
            return _json({"model_version": found})
        if path == "/get-artifact" and asked.keys() == {"path", "run_uuid"}:
            return self._file(asked["run_uuid"], asked["path"])
        raise AssertionError(f"MLflow has no such question: {path} {asked}")

    def _model(self, name: str) -> Mapping[str, object]:
        if name not in self.versions:
            raise RefusedError(_ABSENT, f"Registered Model with name={name} not found")
        newest = str(len(self.versions[name]))
        aliases = self.aliases.get(name, {})
        found: dict[str, object] = {
            "name": name,
            "creation_timestamp": 1795421334251,
            "last_updated_timestamp": 1795421335040,
            "latest_versions": [self._version(name, newest, aliased=False)],
        }
        if aliases:  # left out where there is none, like all that is empty
            found["aliases"] = [
                {"alias": alias, "version": version}
                for alias, version in aliases.items()
            ]
        return found

    def _version(
        self, name: str, version: str, *, aliased: bool = True
    ) -> Mapping[str, object]:
        versions = self.versions.get(name, [])
        if not version.isdigit() or not 1 <= int(version) <= len(versions):
            what = f"Model Version (name={name}, version={version}) not found"
            raise RefusedError(_ABSENT, what)
        one = versions[int(version) - 1]
        names = [a for a, v in self.aliases.get(name, {}).items() if v == version]
        return {
            "name": name,
            "version": version,
            "creation_timestamp": 1795421335040,
            "last_updated_timestamp": 1795421335040,
            "current_stage": "None",
            "description": "",
            "source": f"mlflow-artifacts:/1/{one.run_id}/artifacts/model",
            **({"run_id": one.run_id} if one.run_id else {}),
            "status": one.status,
            "run_link": "",
            **({"aliases": names} if aliased and names else {}),
        }

    def _file(self, run: str, path: str) -> bytes:
        if run not in self.artifacts:
            raise RefusedError(_ABSENT, f"Run with id={run} not found")
        files = self.artifacts[run]
        where = f"1/{run}/artifacts/{path}"
        if path in files:
            return files[path]
        if any(name.startswith(f"{path}/") for name in files):
            what = f"Artifact path refers to a directory, not a file: '{where}'"
            raise RefusedError(_INVALID, what)
        raise RefusedError(_ABSENT, f"No such artifact: '{where}'")


def _json(document: object) -> bytes:
    return json.dumps(document, indent=2).encode()


@contextmanager
def serve_mlflow(context: ssl.SSLContext | None = None) -> Iterator[FakeMlflow]:
    """The stand-in, on a port of this machine."""
    fake = FakeMlflow()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            fake.asked.append(self.path)
            login = self.headers["Authorization"]
            code, headers, body = fake.find(parts.path, parts.query, login)
            self.send_response(code)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        @override
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that went away

    with Server(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "http" if context is None else "https"
        fake.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
