"""What a provider of secrets is to ask of the tokens of a job, for people. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sluicegate.model.host_check import HostCheck, Standing


@dataclass(frozen=True, slots=True)
class Bound:
    """The claims of tokens of one job that a role at a provider is to ask for.

    Each value is exact; several are alternatives. ``before`` is what ``sub`` was in the
    form without numbers, None where ``sub`` is not asked for.
    """

    provider: str
    uses: str
    role: str
    stages: Sequence[str]
    workflow: str
    job: str
    claims: Sequence[tuple[str, Sequence[str]]]
    before: str | None = None


def bound_checks(bound: Iterable[Bound]) -> Iterator[HostCheck]:
    """What is to be pasted: no fault, as nobody here can see what the provider has."""
    for each in bound:
        width = max(len(name) for name, _ in each.claims)
        lines = [
            f"{name if number == 0 else '':<{width}}  {value}"
            for name, values in each.claims
            for number, value in enumerate(values)
        ]
        yield HostCheck(
            f"role for {each.provider}",
            Standing.NOTE,
            f"{each.role} is for {', '.join(each.stages)} in the job {each.job} of"
            f" {each.workflow}: it must ask for these claims, each exactly so",
            _why(each),
            "\n".join(lines),
        )


def _why(bound: Bound) -> str:
    subjects = dict(bound.claims).get("sub", ())
    policy = "`sluice secrets check --policy` prints the whole policy"
    if bound.before is None or not subjects:
        return policy
    if bound.before not in subjects:
        return (
            f"a role that asks for {bound.before} is of before 2026-07-15 and must be"
            f" changed; {policy}"
        )
    return policy


def bound_document(bound: Iterable[Bound]) -> list[Mapping[str, object]]:
    """The same for machines."""
    return [
        {
            "provider": each.provider,
            "uses": each.uses,
            "role": each.role,
            "stages": list(each.stages),
            "workflow": each.workflow,
            "job": each.job,
            "claims": {name: list(values) for name, values in each.claims},
            "sub_before": each.before,
        }
        for each in bound
    ]
