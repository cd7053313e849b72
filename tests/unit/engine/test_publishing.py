"""Unit tests of `sluicegate.engine.publishing`, with a registry in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from fakes import FakeClock
from fakes_registry import FakeRegistry, manifest_of
from typing_extensions import override

from sluicegate.engine.patience import Patience
from sluicegate.engine.publish_plan import PublishPlan
from sluicegate.engine.publishing import Publishing
from sluicegate.errors import IntegrityError, PermanentError, TransientError
from sluicegate.model.digest import Digest
from sluicegate.model.event import PublishConfirmed, PublishEvent, PublishRequested
from sluicegate.model.publication import ServedManifest
from sluicegate.stages.publish import Naming
from sluicegate.stages.stage import Report

REPOSITORY = "ghcr.io/acme/churn"
VERSION, LATEST = f"{REPOSITORY}:v1", f"{REPOSITORY}:latest"
IMAGE, OTHER = Digest.of(b"image"), Digest.of(b"other")
DIGEST = Digest.of(manifest_of(IMAGE).data)
BEHIND = ("R/scan/1",)


@dataclass
class Case:
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    events: list[PublishEvent] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    references: tuple[str, ...] = (VERSION, LATEST)
    image: Digest = IMAGE
    config: Digest | None = IMAGE

    def publish(
        self, *, overwrite: bool = False, history: Sequence[PublishEvent] = ()
    ) -> Report:
        naming = Naming(self.references, frozenset({VERSION}), ())
        plan = PublishPlan(REPOSITORY, naming, self.image, self.config, ())
        patience = Patience(
            FakeClock(), self.said.append, "publish", 3, timedelta(seconds=1), 10**9
        )
        return Publishing(
            "publish",
            plan,
            self.registry,
            patience,
            self.events.append,
            tuple(history),
            BEHIND,
        ).publish(overwrite=overwrite)


def test_what_is_missing_is_announced_pushed_and_confirmed() -> None:
    case = Case()
    before: list[PublishEvent] = []
    case.registry.on_push = lambda _reference: before.extend(case.events)

    report = case.publish()

    request = PublishRequested("publish", IMAGE, (VERSION, LATEST), BEHIND)
    assert before == [request, request], "announced before each push, and once"
    assert case.events[0] == request
    confirmed = case.events[1]
    assert isinstance(confirmed, PublishConfirmed)
    assert [each.reference for each in confirmed.published] == [VERSION, LATEST]
    assert {each.digest for each in confirmed.published} == {DIGEST}
    assert case.registry.pushed == [VERSION, LATEST]
    assert report.fields["published"] is True
    assert report.subjects == ((REPOSITORY, DIGEST),)


def test_what_is_there_is_not_pushed() -> None:
    case = Case()
    case.registry.hold(VERSION, manifest_of(IMAGE))
    case.registry.hold(LATEST, manifest_of(IMAGE))

    report = case.publish()

    assert case.registry.pushed == []
    assert [type(event) for event in case.events] == [PublishConfirmed]
    assert report.fields["already_published"] is True


def test_a_tag_that_has_the_image_in_another_manifest_is_left_alone() -> None:
    """Another engine may have compressed the same layers otherwise."""
    case = Case()
    elsewhere = case.registry.hold(VERSION, manifest_of(IMAGE, "packed otherwise"))

    report = case.publish()

    assert case.registry.pushed == [LATEST]
    assert report.fields["digest"] == str(elsewhere)
    confirmed = case.events[-1]
    assert isinstance(confirmed, PublishConfirmed)
    assert [each.digest for each in confirmed.published] == [elsewhere, DIGEST]


def test_an_announcement_that_a_dead_process_left_is_not_made_again() -> None:
    case = Case()
    request = PublishRequested("publish", IMAGE, (VERSION, LATEST), BEHIND)

    case.publish(history=[request])

    assert [type(event) for event in case.events] == [PublishConfirmed]


def test_a_push_that_differs_from_the_one_announced_is_announced_anew() -> None:
    case = Case()
    case.registry.hold(VERSION, manifest_of(IMAGE))
    request = PublishRequested("publish", IMAGE, (VERSION, LATEST), BEHIND)

    case.publish(history=[request])

    assert case.events[0] == PublishRequested("publish", IMAGE, (LATEST,), BEHIND)


def test_a_version_of_another_image_is_never_touched() -> None:
    case = Case()
    taken = case.registry.hold(VERSION, manifest_of(OTHER))

    report = case.publish()

    assert report.fields["published"] is False
    assert str(taken) in report.summary
    assert report.subjects == ()
    assert (case.registry.pushed, case.events) == ([], [])


def test_a_version_of_another_image_is_replaced_where_that_is_wanted() -> None:
    case = Case()
    taken = case.registry.hold(VERSION, manifest_of(OTHER))

    assert case.publish(overwrite=True).fields["published"] is True
    assert f"{VERSION} was {taken}" in case.said


def test_latest_moves_and_what_it_was_is_told() -> None:
    case = Case()
    before = case.registry.hold(LATEST, manifest_of(OTHER))

    assert case.publish().fields["published"] is True
    assert f"{LATEST} was {before}" in case.said


def test_an_engine_that_pushes_another_image_than_the_scanned_one_is_found_out() -> (
    None
):
    case = Case(FakeRegistry(swap=OTHER))

    with pytest.raises(IntegrityError, match="was pushed, and is not"):
        case.publish()

    assert [type(event) for event in case.events] == [PublishRequested]


def test_a_registry_that_serves_other_bytes_by_digest_is_found_out() -> None:
    case = Case()

    def corrupt(_reference: str) -> None:
        case.registry.served[f"{REPOSITORY}@{DIGEST}"] = manifest_of(IMAGE, "evil")

    case.registry.on_push = corrupt

    with pytest.raises(IntegrityError, match="serves other bytes"):
        case.publish()


def test_a_registry_that_lies_about_what_is_there_already_is_found_out() -> None:
    case = Case(references=(VERSION,))
    case.registry.hold(VERSION, manifest_of(IMAGE))
    case.registry.served[f"{REPOSITORY}@{DIGEST}"] = manifest_of(OTHER)

    with pytest.raises(IntegrityError):
        case.publish()


def test_a_registry_that_loses_what_it_took_is_broken() -> None:
    case = Case(references=(VERSION,))
    case.registry.on_push = lambda _reference: case.registry.served.clear()

    with pytest.raises(TransientError, match="does not serve"):
        case.publish()


def test_a_tag_that_somebody_else_moves_meanwhile_is_a_no() -> None:
    case = Case(references=(VERSION,))

    def move(reference: str) -> None:
        case.registry.served[reference] = manifest_of(OTHER)

    case.registry.on_push = move

    report = case.publish()

    assert report.fields["published"] is False
    assert "another image now" in report.summary
    assert [type(event) for event in case.events] == [PublishRequested]


def test_a_registry_that_takes_a_moment_to_show_a_tag_is_waited_for() -> None:
    case = Case(references=(VERSION,))

    class Slow(FakeRegistry):
        looks = 0

        @override
        def find(self, reference: str) -> ServedManifest | None:
            if reference == VERSION and self.pushed:
                Slow.looks += 1
                if Slow.looks < 3:
                    return manifest_of(OTHER)
            return super().find(reference)

    case.registry = Slow()

    assert case.publish().fields["published"] is True


def test_what_may_pass_is_tried_again_and_what_may_not_is_not() -> None:
    case = Case(references=(VERSION,))
    case.registry.push_faults = [TransientError("503"), TransientError("503")]
    assert case.publish().fields["published"] is True

    case = Case(references=(VERSION,))
    case.registry.push_faults = [PermanentError("denied"), TransientError("unread")]
    with pytest.raises(PermanentError, match="denied"):
        case.publish()
    assert len(case.registry.push_faults) == 1


def test_with_containerds_store_the_id_of_the_image_is_that_of_the_manifest() -> None:
    case = Case(image=DIGEST, config=IMAGE, references=(VERSION,))
    case.registry.swap = IMAGE  # what that engine pushes for this ID

    assert case.publish().fields["published"] is True
    case = Case(image=DIGEST, config=None, references=(VERSION,))
    case.registry.swap = IMAGE
    assert case.publish().fields["published"] is True
    case.registry.swap = OTHER
    case.registry.served.clear()
    with pytest.raises(IntegrityError):
        case.publish()
