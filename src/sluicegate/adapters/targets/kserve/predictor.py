"""Which image of a predictor is the release, read and written. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sluicegate.adapters.kubernetes.objects import Obj
from sluicegate.adapters.kubernetes.values import Json, Node, by
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import PermanentError

_OCI = "oci://"
_SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
SERVING = "kserve-container"
"""The container that serves, whatever its image."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a release is: the image of a container, or that of a model (``oci://``)."""

    what: Literal["container", "model"]
    container: str = SERVING

    def read(self, predictor: Node) -> str:
        """The image of *predictor*; empty if it is that of its runtime.

        Raises:
            PermanentError: it has none that could be a release.
        """
        if self.what == "model":
            return _strip(predictor.text("model", "storageUri") or "", predictor)
        if predictor.has("model"):
            return predictor.text("model", "image") or ""
        container = predictor.node("containers", by(name=self.container))
        if not container.has():
            names = [each.text("name") or "?" for each in predictor.items("containers")]
            raise PermanentError(
                f"{predictor.where} has no container {self.container}, but"
                f" {', '.join(map(show, names)) or 'none'}",
                hint="write its predictor as `model:` or `containers:`, and container:"
                " NAME into the target",
            )
        return container.text("image") or ""

    def write(self, predictor: Node, image: str) -> dict[str, Json]:
        """What of *predictor* is ours, with *image*."""
        if self.what == "model":
            return {"model": {"storageUri": f"{_OCI}{image}"}}
        if predictor.has("model"):
            return {"model": {"image": image}}
        return {"containers": self._containers(predictor, image)}

    def whole(self, predictor: Node, image: str) -> dict[str, Json]:
        """The implementation of *predictor* with *image*, for a canary beside it."""
        if not predictor.has("model"):
            return {"containers": self._containers(predictor, image)}
        model = predictor.plain("model")
        given = dict(model) if isinstance(model, Mapping) else {}
        if self.what == "model":
            return {"model": {**given, "storageUri": f"{_OCI}{image}"}}
        return {"model": {**given, "image": image}}

    def made(self, template: Node, annotations: Mapping[str, str]) -> str:
        """The image that the controller made pods of: a revision's, a Deployment's.

        Args:
            template: the specification of its pods.
            annotations: those of the pods.
        """
        if self.what == "model":
            return annotations.get(_SOURCE, "").removeprefix(_OCI)
        return template.text("containers", by(name=SERVING), "image") or ""

    def where(self, predictor: Node) -> tuple[str, ...]:
        """The path of the image in an InferenceService, as far as it has owners."""
        if self.what == "model":
            return ("spec", "predictor", "model", "storageUri")
        if predictor.has("model"):
            return ("spec", "predictor", "model", "image")
        return ("spec", "predictor", "containers")

    def _containers(self, predictor: Node, image: str) -> list[Json]:
        made: list[Json] = []
        for each in predictor.items("containers"):
            container = each.plain()
            if isinstance(container, Mapping) and each.text("name") == self.container:
                container = {**container, "image": image}
            made.append(container)
        return made


def predictor_of(service: Obj) -> Node:
    """The predictor of an InferenceService."""
    return service.node("spec", "predictor")


def _strip(uri: str, predictor: Node) -> str:
    if not uri.startswith(_OCI):
        raise PermanentError(
            f"{predictor.where}.model.storageUri is {show(uri) or 'not set'}: only an"
            " image can be a release (oci://NAME@sha256:DIGEST)",
            hint="publish the model as an image, or write `image: container` into the"
            " target",
        )
    return uri.removeprefix(_OCI)
