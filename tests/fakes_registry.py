"""A registry in memory, with an engine that pushes to it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from typing_extensions import override

from sluicegate.errors import SluicegateError
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import EvidenceFile
from sluicegate.model.publication import PublishedImage, ServedManifest
from sluicegate.ports.process import OnLine
from sluicegate.ports.referrers import Referrers
from sluicegate.ports.registry import Registry

MEDIA_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


def manifest_of(image: Digest, layer: str = "layer") -> ServedManifest:
    """The manifest of an image in an engine with the classic store."""
    document = {
        "schemaVersion": 2,
        "mediaType": MEDIA_TYPE,
        "config": {"digest": str(image), "size": 1000},
        "layers": [{"digest": str(Digest.of(layer.encode())), "size": 5000}],
    }
    return ServedManifest(MEDIA_TYPE, json.dumps(document).encode())


@dataclass
class FakeReferrers(Referrers):
    """What images name, by the image; ``faults`` are raised, one a call."""

    named: dict[PublishedImage, Sequence[EvidenceFile]] = field(default_factory=dict)
    about: list[Mapping[str, str]] = field(default_factory=list)
    faults: list[SluicegateError] = field(default_factory=list)

    @override
    def attach(
        self,
        image: PublishedImage,
        files: Sequence[EvidenceFile],
        annotations: Mapping[str, str],
    ) -> bool:
        if self.faults:
            raise self.faults.pop(0)
        self.named[image] = files
        self.about.append(annotations)
        return True


@dataclass
class FakeRegistry(Registry):
    """Manifests by their whole references.

    ``faults`` are raised, one a call. ``swap`` is what the engine pushes instead of the
    image it was asked to. ``on_push`` is called after each push, with its reference.
    """

    served: dict[str, ServedManifest] = field(default_factory=dict)
    pushed: list[str] = field(default_factory=list)
    faults: list[SluicegateError] = field(default_factory=list)
    push_faults: list[SluicegateError] = field(default_factory=list)
    swap: Digest | None = None
    on_push: Callable[[str], None] = lambda _reference: None

    def hold(self, reference: str, manifest: ServedManifest) -> Digest:
        """Serve *manifest* as *reference* and by its digest."""
        digest = Digest.of(manifest.data)
        self.served[reference] = manifest
        self.served[f"{reference.rpartition(':')[0]}@{digest}"] = manifest
        return digest

    @override
    def find(self, reference: str) -> ServedManifest | None:
        if self.faults:
            raise self.faults.pop(0)
        return self.served.get(reference)

    @override
    def push(
        self, image: Digest, reference: str, *, timeout: timedelta, on_line: OnLine
    ) -> Digest:
        assert timeout > timedelta(0)
        if self.push_faults:
            raise self.push_faults.pop(0)
        digest = self.hold(reference, manifest_of(self.swap or image))
        self.pushed.append(reference)
        on_line(f"pushed {digest}")
        self.on_push(reference)
        return digest
