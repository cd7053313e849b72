"""Looking at whose keys count, as the protected branch has them now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sluicegate.adapters.ssh_trial import LineTrial
from sluicegate.audit.statements.judging import AllowedSigners
from sluicegate.audit.statements.signer_lines import SignerLine, read_lines
from sluicegate.gates.readiness import Keyholder
from sluicegate.model.policy import normalise


@dataclass(frozen=True, slots=True)
class Keys:
    """Who has keys that count; why lines of others let nobody sign, by identity."""

    holders: tuple[Keyholder, ...]
    flaws: Mapping[str, str]


def find_keys(
    allowed: AllowedSigners, wanted: Collection[str], trial: LineTrial
) -> Keys:
    """The keys of those who go by *wanted*, as identities are compared.

    Lines of nobody else are tried, unless they name the same key: a file may be long.

    Raises:
        PermanentError: ssh-keygen is missing or does not answer.
    """
    by_key: dict[str, list[SignerLine]] = {}
    for line in read_lines(allowed):
        by_key.setdefault(line.key, []).append(line)
    holders: list[Keyholder] = []
    flaws: dict[str, str] = {}
    for lines in by_key.values():
        named = {normalise(name) for line in lines for name in line.names}
        if named.isdisjoint(wanted):
            continue
        identities, reasons = _try(lines, trial)
        if identities:
            holders.append(Keyholder(lines[0].fingerprint, identities))
        else:
            flaws |= dict.fromkeys(named, "; ".join(dict.fromkeys(reasons)))
    return Keys(tuple(holders), flaws)


def _try(
    lines: Sequence[SignerLine], trial: LineTrial
) -> tuple[tuple[str, ...], list[str]]:
    """Under which names the key of *lines* counts; else why each does not."""
    found: dict[str, None] = {}
    reasons = []
    for line in lines:
        if line.flaw:
            reasons.append(line.flaw)
            continue
        tried = trial.try_line(line.before)
        found |= dict.fromkeys(tried.names)
        if tried.reason:
            reasons.append(tried.reason)
    return tuple(found), reasons
