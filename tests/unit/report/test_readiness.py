from sluicegate.gates.readiness import Reach
from sluicegate.model.policy import People
from sluicegate.report.checkup import State
from sluicegate.report.readiness import (
    Asked,
    Signers,
    approval_checks,
    key_checks,
)

SIGNERS = Signers(".github/allowed_signers", "refs/heads/main")
PEOPLE = People({"eve": frozenset({"github:eve", "eve@acme.org"})})
ENOUGH = Reach(("ann", "bob"), {}, ())
NEVER = Reach((), {"eve": ""}, ("1 more",))


def asked(
    environment: str = "production",
    reach: Reach = ENOUGH,
    own: Reach = ENOUGH,
    glass: Reach | None = None,
) -> Asked:
    allowed = frozenset({"ann", "bob", "eve"})
    return Asked(environment, "a.yaml", PEOPLE, 2, allowed, reach, own, glass)


def test_enough_people_are_named() -> None:
    (check,) = approval_checks([asked()], SIGNERS)

    assert (check.name, check.state) == ("approvals of production", State.FOUND)
    assert (check.version, check.where) == ("2 of 3", "ann and bob have keys (a.yaml)")


def test_a_rule_that_nobody_can_satisfy_keeps_a_run_from_its_work() -> None:
    (check,) = approval_checks([asked(reach=NEVER, own=NEVER)], SIGNERS)

    assert check.is_lacking
    assert check.where == "never enough: 1 more (a.yaml)"


def test_your_own_releases_and_the_glass_are_warned_of() -> None:
    _, own, glass = approval_checks([asked(own=NEVER, glass=NEVER)], SIGNERS)

    assert own.state is glass.state is State.WARNING
    assert "a release that you ask for: 1 more" in own.where
    assert "break the glass: 1 more" in glass.where


def test_whoever_has_no_key_is_named_once() -> None:
    lacks = Reach(("ann",), {"eve": ""}, ())

    (check,) = key_checks(
        [asked("staging", lacks), asked("production", lacks)], SIGNERS
    )

    assert check.name == "key of eve"
    assert check.where == (
        "eve may approve staging and approve production, and has no key in"
        " .github/allowed_signers"
    )
    assert check.advice == (
        "add there, at refs/heads/main: eve@acme.org"
        ' namespaces="sluicegate-*" ssh-ed25519 AAAA...'
    )


def test_why_a_key_does_not_count_is_told() -> None:
    lacks = Reach(("ann",), {"eve": "key has expired"}, ())

    (check,) = key_checks([asked(glass=lacks)], SIGNERS)

    assert "eve may override production, and has no key that counts: key has" in (
        check.where
    )
    assert check.advice.startswith("mend that")


def test_of_many_without_keys_the_rest_are_on_one_line() -> None:
    lacks = Reach((), {f"p{n:02}": "" for n in range(20)}, ())

    *_, last = checks = list(key_checks([asked(reach=lacks)], SIGNERS))

    assert len(checks) == 9
    assert last.where.startswith("p08, p09, p10")
