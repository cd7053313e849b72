"""Scans with the real Trivy: a database of real advisories, a registry that has it."""

import gzip
import hashlib
import io
import json
import os
import secrets
import subprocess
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from stage_harness import make_context, run_stage
from typing_extensions import override

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.adapters.tools import Tools
from sluicegate.model.digest import Digest
from sluicegate.stages.stage import Report, StageContext
from sluicegate.stages.trivy import TrivyStage

BASE = os.environ.get("SLUICE_TEST_BASE", "sluicegate-base:test")

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_LAYER = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"


def scan(
    project: Path,
    cache: Path,
    *,
    image_id: str | None = None,
    environ: Mapping[str, str] | None = None,
    output: str = "output",
    kept: Path | None = None,
    **settings: object,
) -> Report:
    """Scan *project*, offline if *settings* do not say otherwise.

    *kept* is the user's folder of caches, where the lock is.
    """
    stage = make_stage(cache, **{"image": image_id is not None, **settings})
    context = make_scan_context(project, stage, image_id, output, kept)
    runner = SubprocessRunner(StopRequest(), {**os.environ, **(environ or {})})
    return run_stage(stage, context, runner)


def make_stage(cache: Path, **settings: object) -> TrivyStage:
    """A scan with *cache* as Trivy's, offline."""
    defaults = {"uses": "trivy", "cache_dir": str(cache), "offline": True}
    return TrivyStage.model_validate({**defaults, **settings})


def make_scan_context(
    project: Path,
    stage: TrivyStage,
    image_id: str | None = None,
    output: str = "output",
    kept: Path | None = None,
) -> StageContext:
    """What the engine would tell *stage* of *project*."""
    folder = project / ".sluicegate" / output
    folder.mkdir(parents=True)
    cache = kept or project.parent / "cache"
    cache.mkdir(exist_ok=True)
    runner = SubprocessRunner(StopRequest(), os.environ)
    context = make_context(
        str(project),
        str(folder),
        tools={"trivy": Tools(project, cache, runner, os.environ).find("trivy")},
        images=(Digest.parse(image_id),) if image_id else (),
        now=datetime.now(UTC),
    )
    there = [path for path in stage.reads() if (project / path).is_file()]
    files = {path: (project / path).read_bytes() for path in there}
    return replace(context, cache=str(cache), files=files)


@contextmanager
def built(folder: Path, files: Mapping[str, str]) -> Iterator[str]:
    """Build an image from *files*, a Dockerfile among them; its ID.

    ``{BASE}`` in the Dockerfile stands for an image of Debian with Python.
    """
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace("{BASE}", BASE))
    runner = SubprocessRunner(StopRequest(), os.environ)
    (docker,) = Tools(folder, folder, runner, os.environ).find("docker").argv
    name = f"sluicegate-test/scan:{secrets.token_hex(4)}"
    subprocess.run(
        [docker, "build", "--quiet", "--tag", name, str(folder)],
        check=True,
        env={**os.environ, "DOCKER_BUILDKIT": "1"},
    )
    try:
        inspect = [docker, "image", "inspect", "--format", "{{.Id}}", name]
        said = subprocess.run(inspect, check=True, capture_output=True, text=True)
        yield said.stdout.strip()
    finally:
        subprocess.run([docker, "image", "rm", "--force", name], check=True)


def installed(name: str, version: str, license_name: str | None) -> dict[str, str]:
    """The files of a Python package, as far as anybody can see."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"License: {license_name}"] if license_name else []
    path = f"app/lib/{name}-{version}.dist-info/METADATA"
    return {path: "\n".join(lines) + "\n"}


@contextmanager
def registry(database: Path) -> Iterator[str]:
    """Serve the folder *database* as registries serve Trivy's; its address.

    Source:
        OCI distribution 1.0, "Pull"; Trivy 0.59, pkg/oci/artifact.go.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in ("trivy.db", "metadata.json"):
            archive.add(database / name, name)
    layer = gzip.compress(packed.getvalue(), compresslevel=1)
    descriptors = {
        "config": _describe(b"{}", "application/vnd.aquasec.trivy.config.v1+json"),
        "layer": {
            **_describe(layer, _LAYER),
            "annotations": {"org.opencontainers.image.title": "db.tar.gz"},
        },
    }
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": descriptors["config"],
            "layers": [descriptors["layer"]],
        }
    ).encode()
    answers = {
        "/v2/": b"{}",
        "/v2/trivy-db/manifests/2": manifest,
        f"/v2/trivy-db/blobs/{descriptors['config']['digest']}": b"{}",
        f"/v2/trivy-db/blobs/{descriptors['layer']['digest']}": layer,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path)
            self.send_response(200 if answer is not None else 404)
            self.send_header("Content-Type", _MANIFEST)
            self.send_header("Content-Length", str(len(answer or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(answer or b"")

        do_HEAD = do_GET  # noqa: N815 - likewise

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}/trivy-db:2"
        finally:
            server.shutdown()
            thread.join()


def _describe(data: bytes, media_type: str) -> dict[str, object]:
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return {"mediaType": media_type, "digest": digest, "size": len(data)}
