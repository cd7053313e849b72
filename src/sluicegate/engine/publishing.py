"""Publish one image: ask the registry, push what is missing, read it all back.

Log first, then act: a push is announced by a committed event before it happens. A
process that dies in between leaves the announcement; the next one asks the registry.
"""

from collections.abc import Callable, Mapping

from sluicegate.engine.patience import Patience
from sluicegate.engine.publish_plan import PublishPlan, find_conflicts, find_due
from sluicegate.engine.publish_report import conflicting, moved, serving
from sluicegate.errors import IntegrityError, TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.event import PublishConfirmed, PublishEvent, PublishRequested
from sluicegate.model.image import by_digest
from sluicegate.model.publication import PublishedImage, ServedManifest
from sluicegate.ports.registry import Registry
from sluicegate.stages.manifest import Manifest, parse_manifest
from sluicegate.stages.stage import Report


class Publishing:
    """One attempt at publishing what *plan* says.

    *history* are the events of earlier attempts; *behind* the ids of the tasks whose
    scans opened the gate before it. *emit* has committed an event when it returns.
    """

    def __init__(
        self,
        stage: str,
        plan: PublishPlan,
        registry: Registry,
        patience: Patience,
        emit: Callable[[PublishEvent], None],
        history: tuple[PublishEvent, ...] = (),
        behind: tuple[str, ...] = (),
    ) -> None:
        self._stage, self._plan = stage, plan
        self._registry, self._patience = registry, patience
        self._emit, self._history, self._behind = emit, history, behind

    def publish(self, *, overwrite: bool) -> Report:
        """Do it, and say what came of it.

        Raises:
            ExternalError: the registry or the engine failed, or refused.
            IntegrityError: the registry serves what was not scanned.
            Interrupted: asked to stop; what was pushed is found by the next attempt.
        """
        plan, references = self._plan, self._plan.naming.references
        served = {reference: self._find(reference) for reference in references}
        conflicts = find_conflicts(plan, served)
        if conflicts and not overwrite:
            return conflicting(plan, conflicts)
        due = find_due(plan, served)
        if due:
            self._announce(due, served)
        pushed = {reference: self._push(reference) for reference in due}
        seen = {name: it.digest for name, it in served.items() if it is not None}
        digests = {**seen, **pushed}
        contents = {digest: self._content(digest) for digest in set(digests.values())}
        lost = [name for name, digest in pushed.items() if not self._has(name, digest)]
        if lost:
            return moved(plan, lost)
        published = tuple(
            _describe(reference, contents[digests[reference]])
            for reference in references
        )
        self._emit(PublishConfirmed(self._stage, plan.image, published))
        return serving(plan, published, contents[published[0].digest], due)

    def _find(self, reference: str) -> Manifest | None:
        served = self._patience.again(lambda: self._registry.find(reference))
        return None if served is None else parse_manifest(served)

    def _announce(
        self, due: tuple[str, ...], served: Mapping[str, Manifest | None]
    ) -> None:
        """Announce the push, unless an attempt before died with the same words."""
        for reference in due:
            if (manifest := served[reference]) is not None:
                self._patience.say(f"{reference} was {manifest.digest}")
        request = PublishRequested(self._stage, self._plan.image, due, self._behind)
        if self._history[-1:] != (request,):
            self._emit(request)

    def _push(self, reference: str) -> Digest:
        patience = self._patience

        def push() -> Digest:
            return self._registry.push(
                self._plan.image,
                reference,
                timeout=patience.left(),
                on_line=patience.say,
            )

        patience.say(f"pushing {reference}")
        return patience.again(push)

    def _content(self, digest: Digest) -> ServedManifest:
        """The manifest with that digest, as the registry serves it.

        Raises:
            TransientError: it does not have it, though it took it, or said so.
            IntegrityError: it is another one, or that of another image.
        """
        reference = by_digest(self._plan.repository, digest)

        def fetch() -> ServedManifest:
            served = self._registry.find(reference)
            if served is None:
                raise TransientError(f"the registry does not serve {reference}")
            return served

        served = self._patience.again(fetch)
        if (actual := Digest.of(served.data)) != digest:
            raise IntegrityError(
                f"the registry serves other bytes as {reference}: {actual}",
                hint="trust nothing it serves, and ask whoever runs it",
            )
        if not self._plan.is_image(parse_manifest(served)):
            raise IntegrityError(
                f"{reference} was pushed, and is not {self._plan.image}, which was"
                " scanned",
                hint="somebody gave its name to another image on the engine meanwhile;"
                " remove it from the registry",
            )
        return served

    def _has(self, reference: str, digest: Digest) -> bool:
        """Whether the registry gives *digest* for the tag, at once or after a while."""

        def look() -> None:
            found = self._registry.find(reference)
            if found is None or Digest.of(found.data) != digest:
                raise _NotYetError(f"the registry does not serve it as {reference} yet")

        try:
            self._patience.again(look)
        except _NotYetError:
            return False
        return True


class _NotYetError(TransientError):
    """A registry of several machines may take a moment."""


def _describe(reference: str, served: ServedManifest) -> PublishedImage:
    manifest = parse_manifest(served)
    return PublishedImage(
        reference, manifest.digest, manifest.media_type, manifest.size
    )
