"""Unit tests of `sluicegate.audit.published_run`: which run published what."""

from dataclasses import replace
from pathlib import Path

import pytest
from published_release import COMMIT, OTHER_RUN, RUN, Shop, ShopInMemory
from typing_extensions import override

from sluicegate.audit.envelope import Source
from sluicegate.audit.log import AuditLog
from sluicegate.audit.published_run import find_published_run
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode_entry
from sluicegate.errors import UsageError
from sluicegate.model.event import StageFinished, StageStarted

OTHER = "d" * 40


@pytest.fixture
def shop() -> Shop:
    return ShopInMemory(Path("nowhere"))


def test_the_newest_run_that_published_is_the_one_that_is_meant(shop: Shop) -> None:
    shop.publish(RUN, "refs/tags/v1.0.0")
    shop.publish(OTHER_RUN, "refs/heads/main", commit=OTHER)

    found = find_published_run(shop.open_log())

    assert (found.run_id, found.name, found.commit) == (OTHER_RUN, OTHER[:12], OTHER)


@pytest.mark.parametrize(
    ("name", "run_id"),
    [
        ("v1.0.0", RUN),
        (COMMIT[:4], RUN),
        (COMMIT, RUN),
        (OTHER[:12], OTHER_RUN),
    ],
)
def test_a_release_goes_by_its_tag_or_the_beginning_of_its_commit(
    shop: Shop, name: str, run_id: str
) -> None:
    shop.publish(RUN, "refs/tags/v1.0.0")
    shop.publish(OTHER_RUN, "refs/heads/main", commit=OTHER)

    assert find_published_run(shop.open_log(), name).run_id == run_id


def test_a_tag_goes_before_a_newer_commit_that_begins_so(shop: Shop) -> None:
    shop.publish(RUN, "refs/tags/dddd")
    shop.publish(OTHER_RUN, "refs/heads/main", commit=OTHER)

    assert find_published_run(shop.open_log(), "dddd").run_id == RUN
    assert find_published_run(shop.open_log(), "ddddd").run_id == OTHER_RUN


def test_the_beginning_of_two_published_commits_names_neither(shop: Shop) -> None:
    shop.publish(RUN, "refs/heads/main", commit="abcd1" + "0" * 35)
    shop.publish(OTHER_RUN, "refs/heads/main", commit="abcd2" + "0" * 35)

    with pytest.raises(UsageError, match="'abcd' is the beginning of 2") as caught:
        find_published_run(shop.open_log(), "abcd")
    assert "abcd10" in (caught.value.hint or "")
    assert find_published_run(shop.open_log(), "abcd1").run_id == RUN


def test_a_run_is_found_by_its_id_and_is_whole(shop: Shop) -> None:
    shop.publish(RUN)
    shop.publish(OTHER_RUN, commit=OTHER)

    found = find_published_run(shop.open_log(), run_id=RUN)

    kinds = [decode_entry(each.entry).kind for each in found.entries]
    assert kinds[0] == "run.started"
    assert kinds[-2:] == ["publish.confirmed", "stage.finished"]
    assert {each.facts.run for each in found.entries} == {RUN}
    assert [each.index for each in found.entries] == sorted(
        each.index for each in found.entries
    )


def test_what_was_not_published_is_no_release(shop: Shop) -> None:
    source = Source("acme/churn-model", f"sha1:{OTHER}")
    shop.write(OTHER_RUN, [shop.started(OTHER, shop.clock.now())], source)

    with pytest.raises(UsageError, match="no run in the log published") as caught:
        find_published_run(shop.open_log())
    assert "audit export" in (caught.value.hint or "")

    shop.publish(RUN)
    for name, run_id in ((OTHER[:12], None), (None, OTHER_RUN), ("v1", None)):
        with pytest.raises(UsageError, match="nothing in the log says") as caught:
            find_published_run(shop.open_log(), name, run_id)
        assert "v1.0.0" in (caught.value.hint or "")


def test_a_result_leads_to_the_attempt_that_found_it_out(shop: Shop) -> None:
    first = shop.stages()
    shop.publish(OTHER_RUN, commit=OTHER, stages=first)
    again = [replace(end, cached=f"{OTHER_RUN}/{end.stage}/1") for end in first]
    third = "01JDA2Z9M3Q4T5V6W7X8Y9Z0C3"
    shop.publish(third, commit=COMMIT, stages=again)
    shop.publish(
        RUN, stages=[replace(end, cached=f"{third}/{end.stage}/1") for end in first]
    )

    found = find_published_run(shop.open_log(), run_id=RUN)

    assert len(found.origins) == len(first)
    for index, origin in found.origins.items():
        assert origin is not None
        finished = decode_entry(origin.finished.entry)
        taken = next(each for each in found.entries if each.index == index)
        assert origin.started.facts.run == OTHER_RUN
        assert finished.task_id == f"{OTHER_RUN}/{taken.facts.stage}/1"
        assert isinstance(finished.event, StageFinished)
        assert finished.event.cached is None


def test_an_attempt_that_is_not_in_the_log_is_no_origin(shop: Shop) -> None:
    (lint, *_) = shop.stages()
    shop.publish(RUN, stages=[replace(lint, cached=f"{OTHER_RUN}/lint/1")])

    found = find_published_run(shop.open_log())

    assert list(found.origins.values()) == [None]


def test_the_start_of_an_attempt_is_not_its_result(shop: Shop) -> None:
    source = Source("acme/churn-model", f"sha1:{OTHER}")
    began = shop.clock.now()
    shop.write(
        OTHER_RUN, [shop.started(OTHER, began), StageStarted("lint", 1, began)], source
    )
    (lint, *_) = shop.stages()
    shop.publish(RUN, stages=[replace(lint, cached=f"{OTHER_RUN}/lint/1")])

    assert list(find_published_run(shop.open_log()).origins.values()) == [None]


def test_what_users_write_leads_to_no_other_attempt_or_run(shop: Shop) -> None:
    """A field of evidence and a label may be called, and say, what they like."""
    (lint, *_) = shop.stages()
    shop.publish(OTHER_RUN, commit=OTHER, stages=[lint])
    decoy, source = "01JDA2Z9M3Q4T5V6W7X8Y9Z0D4", Source("x/y", f"sha1:{OTHER}")
    began = shop.clock.now()
    shop.write(
        decoy,
        [
            replace(shop.started(OTHER, began), labels={"run_id": OTHER_RUN}),
            StageStarted("lint", 1, began),
            shop.finished("lint", task_id=f"{OTHER_RUN}/lint/1", run_id=RUN),
        ],
        source,
    )
    shop.publish(RUN, stages=[replace(lint, cached=f"{OTHER_RUN}/lint/1")])

    found = find_published_run(shop.open_log())

    [origin] = found.origins.values()
    assert origin is not None
    assert origin.finished.facts.run == OTHER_RUN
    assert origin.started.facts.run == OTHER_RUN
    assert {each.facts.run for each in found.entries} == {RUN}


def test_a_run_that_began_meanwhile_is_not_the_one_that_found_it_out(
    shop: Shop,
) -> None:
    (lint, *_) = shop.stages()
    source, began = Source("x/y", f"sha1:{OTHER}"), shop.clock.now()
    started = shop.started(OTHER, began)
    looks_alike = replace(started, labels={"run_id": OTHER_RUN})
    shop.write(OTHER_RUN, [started], source)
    shop.write("01JDA2Z9M3Q4T5V6W7X8Y9Z0D4", [looks_alike], source)
    shop.write(OTHER_RUN, [StageStarted("lint", 1, began), lint], source)
    shop.publish(RUN, stages=[replace(lint, cached=f"{OTHER_RUN}/lint/1")])

    [origin] = find_published_run(shop.open_log()).origins.values()

    assert origin is not None
    assert origin.started.facts.run == OTHER_RUN


class Pruned(LogReader):
    """A log whose entries before *first* are gone."""

    def __init__(self, log: AuditLog, first: int) -> None:
        super().__init__(log.store, log.keys)
        self._first = first

    @override
    def min_index(self) -> int:
        return self._first


def test_a_run_whose_beginning_was_pruned_is_not_attested_in_part(shop: Shop) -> None:
    shop.publish(RUN)
    log = shop.open_log()

    with pytest.raises(UsageError, match=r"beginning of run .* was pruned"):
        find_published_run(Pruned(log, 4))


def test_an_attempt_that_was_pruned_is_no_origin(shop: Shop) -> None:
    first = shop.stages()
    shop.publish(OTHER_RUN, commit=OTHER, stages=first)
    log = shop.open_log()
    began = log.head().size
    again = [replace(end, cached=f"{OTHER_RUN}/{end.stage}/1") for end in first]
    shop.publish(RUN, stages=again)

    assert all(find_published_run(log).origins.values())
    assert not any(find_published_run(Pruned(log, began)).origins.values())
    assert not any(find_published_run(Pruned(log, 2)).origins.values())
