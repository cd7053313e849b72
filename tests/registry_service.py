"""A real registry, Debian's `docker-registry`, with users of its own, for one test.

It listens on 127.0.0.1, to which Docker speaks without TLS. Never a system service.
"""

import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

USER = "alice"
_CONFIG = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: false}}}}
storage:
  filesystem: {{rootdirectory: {folder}/data}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}"}}
auth:
  htpasswd: {{realm: test, path: {folder}/htpasswd}}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def bcrypt(password: str) -> str:
    """Perl is in every Debian, and its crypt knows bcrypt."""
    program = 'print crypt($ENV{PASSWORD}, q($2b$04$) . "." x 21 . "e")'
    done = subprocess.run(
        ["perl", "-e", program],
        env={**os.environ, "PASSWORD": password},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("$2b$")
    return done.stdout


@dataclass
class RealRegistry:
    """The registry, what it holds, and the password of its one user."""

    folder: Path
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: f"pw-{secrets.token_hex(12)}")
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self) -> None:
        """Start it, and return once it answers."""
        program = shutil.which("docker-registry")
        if program is None:
            pytest.skip("needs docker-registry on PATH")
        self.folder.mkdir(exist_ok=True)
        (self.folder / "htpasswd").write_text(f"{USER}:{bcrypt(self.password)}\n")
        config = self.folder / "config.yml"
        config.write_text(_CONFIG.format(folder=self.folder, port=self.port))
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, "serve", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        while self.process.poll() is None:
            try:
                if self.get("/v2/")[0] == 200:
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(self.log)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def get(self, path: str, accept: str = "*/*") -> tuple[int, bytes]:
        """Ask it as its user, without anything of sluicegate's."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        login = b64encode(f"{USER}:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Accept": accept}
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def tags(self, repository: str) -> set[str]:
        status, body = self.get(f"/v2/{repository}/tags/list")
        return set(json.loads(body)["tags"] or ()) if status == 200 else set()

    def manifest(self, repository: str, tag: str) -> tuple[bytes, dict[str, Any]]:
        """Its bytes, and what they say."""
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        status, body = self.get(f"/v2/{repository}/manifests/{tag}", kind)
        assert status == 200, body
        return body, json.loads(body)

    def untag(self, repository: str, tag: str) -> None:
        """Take a tag away behind its back; the manifest stays."""
        within = f"data/docker/registry/v2/repositories/{repository}/_manifests/tags"
        shutil.rmtree(self.folder / within / tag)

    def uploads(self) -> int:
        """How many layers and manifests it was sent, over its whole life."""
        lines = self.log.splitlines()
        return sum('"PUT /v2/' in line and " 201 " in line for line in lines)


def login(host: str, password: str, config: Path) -> "subprocess.CompletedProcess[str]":
    """``docker login`` into a configuration of the test's own."""
    return subprocess.run(
        ["docker", "--config", str(config), "login", host, "-u", USER,
         "--password-stdin"],
        input=password,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
