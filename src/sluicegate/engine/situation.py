"""What a run is about, and what one of its stages may know when it begins. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sluicegate.engine.toolbox import Ports
from sluicegate.model.digest import Digest
from sluicegate.model.event import StageFinished
from sluicegate.model.image import by_digest
from sluicegate.model.rollout import Release
from sluicegate.model.source import Source
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.stage import StageContext

_BUILDS_IMAGES = "docker-build"
_PUBLISHES = "publish"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A release that is gone back to, and what its own run had found for it.

    ``run_id`` and ``labels`` are those of that run, ``evidence`` is how the stages
    before its rollout had ended.
    """

    run_id: str
    labels: Mapping[str, str]
    release: Release
    evidence: tuple[StageFinished, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """A pipeline that is run for a commit. ``labels`` are those of the run.

    A run that goes back to an ``earlier`` release builds nothing and finds nothing out:
    it has what that release's own run had.
    """

    pipeline: Pipeline
    source: Source
    run_id: str
    labels: Mapping[str, str] = field(default_factory=dict)
    earlier: Earlier | None = None

    def context(
        self, name: str, output: str, upstream: Sequence[StageFinished], ports: Ports
    ) -> StageContext:
        """What stage *name* may know, given how the stages ended that it needs."""
        workspace, earlier = ports.workspace, self.earlier
        return StageContext(
            stage=name,
            pipeline=self.pipeline.name,
            definition=self.pipeline.definition,
            commit=self.source.commit,
            release=self.source.release if earlier is None else earlier.release.name,
            run_id=self.run_id,
            project=workspace.project(),
            output=output,
            cache=workspace.cache(),
            now=ports.clock.now(),
            upstream={each.stage: each.evidence.fields for each in upstream},
            images=self._images(upstream),
            published=self._published(upstream),
            ca_bundle=ports.ca_bundle,
            commit_time=self.source.commit_time,
            home=workspace.home(),
            files=workspace.sources(self.pipeline.stage(name).stage.reads()),
            labels=self.labels,
        )

    def _published(self, upstream: Sequence[StageFinished]) -> str | None:
        """Where the first stage before that publishes has put the image, by digest."""
        if self.earlier is not None:
            return self.earlier.release.reference
        found = (
            by_digest(repository, digest)
            for each in upstream
            if self.pipeline.stage(each.stage).stage.uses == _PUBLISHES
            for repository, digest in each.subjects
        )
        return next(found, None)

    def _images(self, upstream: Sequence[StageFinished]) -> tuple[Digest, ...]:
        """The images that stages before have built, each once."""
        if self.earlier is not None:
            return (self.earlier.release.image,)
        found = {
            image: None
            for each in upstream
            if self.pipeline.stage(each.stage).stage.uses == _BUILDS_IMAGES
            for _, image in each.subjects
        }
        return tuple(found)
