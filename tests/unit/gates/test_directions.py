"""What people want of a rollout is done when the environment's rules let it be."""

from dataclasses import replace
from datetime import timedelta

from hearings import EVERYBODY, LEADS, NOW, REQUEST, SECURITY, policy, rules, says

from sluicegate.gates.directions import Ruling, Word, judge_directions
from sluicegate.model.policy import ApprovalRule, Way
from sluicegate.model.rollout import Direction

TWO = ApprovalRule(EVERYBODY, count=2)
LEADS_ONLY = ApprovalRule(LEADS.members, count=1)


def word(
    direction: Direction, *identities: str, index: int = 1, flaw: str = ""
) -> Word:
    said = replace(says(*identities, index=index), flaw=flaw)
    return Word(direction, f"because of {index}", index, said)


def judge(rule: ApprovalRule | None, *words: Word) -> tuple[Ruling, ...]:
    return judge_directions(policy(rules(rule)), REQUEST, words, NOW)


def test_promoting_takes_as_many_people_as_entering() -> None:
    bob = word(Direction.PROMOTE, "bob@acme.org", index=1)
    eve = word(Direction.PROMOTE, "eve@acme.org", index=2)

    (alone,) = judge(TWO, bob)
    (both,) = judge(TWO, bob, eve)

    assert not alone.is_due
    assert both.is_due
    assert [each.person for each in both.by] == ["bob", "eve"]
    assert both.reason == "because of 1"


def test_one_person_cannot_promote_by_saying_it_twice() -> None:
    once = word(Direction.PROMOTE, "bob@acme.org", index=1)
    again = word(Direction.PROMOTE, "bob@home.example", index=2)

    (found,) = judge(TWO, once, again)

    assert not found.is_due


def test_who_made_the_release_can_stop_it_and_cannot_promote_it() -> None:
    (promoted,) = judge(LEADS_ONLY, word(Direction.PROMOTE, "ann@acme.org"))
    (aborted,) = judge(LEADS_ONLY, word(Direction.ABORT, "ann@acme.org"))

    assert not promoted.is_due
    assert promoted.ignored == ((1, "author of 3f2a91c"),)
    assert aborted.is_due


def test_one_person_is_enough_to_stop_and_not_to_go_on() -> None:
    for direction in Direction:
        (found,) = judge(TWO, word(direction, "bob@acme.org"))

        assert found.is_due == (direction in {Direction.ABORT, Direction.PAUSE})


def test_a_stop_by_somebody_whom_no_rule_names_is_not_done() -> None:
    (stranger,) = judge(TWO, word(Direction.ABORT, "mallory@example.org"))
    (service,) = judge(TWO, word(Direction.ABORT, "github:ci"))

    assert not stranger.is_due
    assert not service.is_due


def test_a_signature_that_does_not_hold_stops_nothing() -> None:
    (found,) = judge(TWO, word(Direction.ABORT, "bob@acme.org", flaw="removed since"))
    (free,) = judge(None, word(Direction.ABORT, "bob@acme.org", flaw="removed since"))

    assert not found.is_due
    assert not free.is_due


def test_every_layer_must_let_it_go_on_and_any_may_stop_it() -> None:
    own, shared = rules(LEADS_ONLY), rules(ApprovalRule(SECURITY.members), source="org")
    both = policy(own, shared)

    def ruled(direction: Direction, *who: str) -> Ruling:
        words = [word(direction, each, index=i) for i, each in enumerate(who)]
        (found,) = judge_directions(both, REQUEST, words, NOW)
        return found

    assert not ruled(Direction.PROMOTE, "bob@acme.org").is_due
    assert not ruled(Direction.PROMOTE, "dan@acme.org").is_due
    assert ruled(Direction.PROMOTE, "bob@acme.org", "dan@acme.org").is_due
    assert ruled(Direction.ABORT, "dan@acme.org").is_due
    assert ruled(Direction.PAUSE, "bob@acme.org").is_due


def test_the_log_key_alone_decides_only_where_nobody_is_asked() -> None:
    by_key = Word.unsigned(Direction.PROMOTE, "it is fine", 3)

    (ruled,) = judge(LEADS_ONLY, by_key)
    (free,) = judge(None, by_key)

    assert not ruled.is_due
    assert ruled.ignored == ((3, "nobody has signed it, and the rules ask for people"),)
    assert free.is_due
    assert free.by == ()


def test_an_abort_goes_before_all_else() -> None:
    words = [
        word(direction, "bob@acme.org", index=i)
        for i, direction in enumerate(Direction)
    ]

    found = judge(ApprovalRule(EVERYBODY), *words)

    assert [each.direction for each in found] == [
        Direction.SUPERSEDE,
        Direction.ABORT,
        Direction.PAUSE,
        Direction.RESUME,
        Direction.PROMOTE,
    ]


def test_a_word_expires_like_an_approval() -> None:
    old = word(Direction.PROMOTE, "bob@acme.org")
    (found,) = judge_directions(
        policy(rules(LEADS_ONLY)), REQUEST, [old], NOW + timedelta(days=2)
    )

    assert not found.is_due


def test_without_a_request_a_release_can_only_be_stopped() -> None:
    ruled = policy(rules(LEADS_ONLY))
    (promote,) = judge_directions(
        ruled, None, [word(Direction.PROMOTE, "bob@acme.org")], NOW
    )
    (abort,) = judge_directions(
        ruled, None, [word(Direction.ABORT, "bob@acme.org")], NOW
    )

    assert not promote.is_due
    assert abort.is_due


def test_only_a_newer_release_supersedes() -> None:
    by_newer = Word.unsigned(Direction.SUPERSEDE, "v2 comes", 4)
    by_person = word(Direction.SUPERSEDE, "bob@acme.org")

    (newer,) = judge(TWO, by_newer)
    (person,) = judge(None, by_person)

    assert newer.is_due
    assert not person.is_due


def test_what_is_said_after_a_pause_is_not_done_with_it() -> None:
    said = [
        word(Direction.RESUME, "bob@acme.org", index=1),
        word(Direction.PAUSE, "bob@acme.org", index=2),
        word(Direction.RESUME, "bob@acme.org", index=3),
    ]

    for rule in (ApprovalRule(EVERYBODY), None):
        pause, _ = judge(rule, *said)

        assert pause.is_due
        assert pause.index == 2
        (resume,) = judge(rule, *(each for each in said if each.index > pause.index))
        assert resume.is_due
        assert resume.index == 3


def test_a_word_that_does_not_count_takes_nothing_with_it() -> None:
    said = [
        word(Direction.PAUSE, "bob@acme.org", index=1),
        word(Direction.RESUME, "bob@acme.org", index=2),
        word(Direction.PAUSE, "mallory@example.org", index=3),
    ]

    pause, *_ = judge(ApprovalRule(EVERYBODY), *said)

    assert pause.index == 1


def test_a_decision_is_signed_however_releases_are_approved() -> None:
    by_run = replace(
        ApprovalRule(EVERYBODY, exclude=frozenset()), by=frozenset({Way.DISPATCH})
    )

    (promote,) = judge(by_run, word(Direction.PROMOTE, "bob@acme.org"))

    assert promote.is_due
