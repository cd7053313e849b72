"""Unit tests of `sluicegate.gates.rules`: what all layers together ask for."""

from sluicegate.gates.condition import compile_condition
from sluicegate.gates.rules import Policy, Rules
from sluicegate.model.digest import Digest

NAMES = ("scan.critical", "stable.scan.critical", "test.failed")


def rules(source: str, *texts: str) -> Rules:
    conditions = tuple(compile_condition(text, NAMES) for text in texts)
    return Rules(source, conditions=conditions)


def test_what_is_read_is_what_conditions_of_any_layer_and_stage_read() -> None:
    own = rules("sluicegate.yaml", "scan.critical <= stable.scan.critical")
    shared = rules("org.yaml", "scan.critical == 0")
    gate = (compile_condition("test.failed == 0", NAMES),)
    digest = Digest.of(b"policy")
    policy = Policy(
        "production", (own, shared), digest, "main", "c", stages={"test": gate}
    )

    assert policy.reads == NAMES
    assert policy.compares
    assert not Policy("production", (shared,), digest, "main", "c").compares
