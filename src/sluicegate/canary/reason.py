"""The judge's reasons: one plain sentence each, with the numbers behind it. Pure.

These sentences go into the audit log and to the person who waits for the release.
"""

from math import exp, floor, log, log10

from sluicegate.model.traffic import RequestCounts

_WORDY_NATS = 20.0  # above 5e8 only the power of ten is of interest


def format_count(count: int) -> str:
    """Write a whole number in groups of three digits: ``4 213``."""
    return f"{count:,}".replace(",", " ")


def format_about(count: int) -> str:
    """Write a whole number rounded up to two digits: ``1 800``."""
    unit = 10 ** max(0, len(str(count)) - 2)
    return format_count(-(-count // unit) * unit)


def format_rate(counts: RequestCounts) -> str:
    """Write an error rate with its counts, of at least one: ``9.1 % (52 of 571)``."""
    percent = _format_digits(100 * counts.failed / counts.total)
    return (
        f"{percent} % ({format_count(counts.failed)} of {format_count(counts.total)})"
    )


def format_evidence(nats: float) -> str:
    """Write an e-value, given its logarithm: ``3 400``, ``1.7``, ``10^23``."""
    if nats > _WORDY_NATS:
        return f"10^{floor(nats / log(10))}"
    return _format_digits(exp(nats))


def describe_rates(canary: RequestCounts, stable: RequestCounts) -> str:
    """Say how often each arm fails."""
    return (
        f"canary fails {format_rate(canary)} where stable fails {format_rate(stable)}"
    )


def explain_abort(
    canary: RequestCounts, stable: RequestCounts, *, evidence: float, needed: float
) -> str:
    """Say why the canary is aborted. Evidence in nats, *needed* as an e-value."""
    return (
        f"{describe_rates(canary, stable)}: evidence {format_evidence(evidence)} "
        f"that it is worse, against the needed {_format_digits(needed)}"
    )


def explain_promote(
    canary: RequestCounts, stable: RequestCounts, *, evidence: float, needed: float
) -> str:
    """Say why the canary is promoted. Evidence in nats, *needed* as an e-value."""
    return (
        f"{describe_rates(canary, stable)}: evidence {format_evidence(evidence)} "
        f"that it is acceptable, against the needed {_format_digits(needed)}"
    )


def explain_no_canary_traffic(missing: int, *, rate: float) -> str:
    """Say that nothing can be judged, and how much traffic it would take at *rate*."""
    return (
        f"no traffic reached the canary; about {format_about(missing)} canary requests "
        f"are needed to decide, at an error rate of {_format_digits(100 * rate)} %"
    )


def explain_no_stable_traffic(canary: RequestCounts, missing: int) -> str:
    """Say that there is nothing to compare the canary with."""
    return (
        "no traffic reached stable, so there is nothing to compare with; canary fails "
        f"{format_rate(canary)}, and about {format_about(missing)} more canary "
        "requests are needed beside stable's"
    )


def explain_too_few(
    canary: RequestCounts, stable: RequestCounts, *, missing: int, least: int
) -> str:
    """Say that the evidence would do, but not the number of requests."""
    return (
        f"{describe_rates(canary, stable)}: acceptable so far, but "
        f"{format_count(missing)} more canary requests are needed for min_requests "
        f"({format_count(least)})"
    )


def explain_hold(canary: RequestCounts, stable: RequestCounts, missing: int) -> str:
    """Say how many requests are missing at the rates seen so far."""
    return (
        f"{describe_rates(canary, stable)}: undecided; about {format_about(missing)} "
        "more canary requests are needed to promote it"
    )


def explain_doubt(canary: RequestCounts, stable: RequestCounts, missing: int) -> str:
    """Say that it will not be promoted at these rates, and what it takes otherwise."""
    return (
        f"{describe_rates(canary, stable)}: undecided, and not to be promoted at these "
        f"rates; about {format_about(missing)} more canary requests are needed if it "
        "is in truth as good as stable"
    )


def explain_outage(canary: RequestCounts, stable: RequestCounts) -> str:
    """Say that stable is no measure while it fails this often."""
    return (
        f"stable itself fails {format_rate(stable)}, which leaves no room to be worse: "
        f"nothing is promoted, however the canary does ({_describe_arm(canary)})"
    )


def explain_metric_abort(name: str, *, evidence: float, needed: float) -> str:
    """Say that the canary is aborted by another metric than failed requests."""
    return (
        f"{name}: evidence {format_evidence(evidence)} that the canary is worse, "
        f"against the needed {_format_digits(needed)}"
    )


def explain_metric_hold(name: str) -> str:
    """Say that another metric than failed requests is undecided."""
    return f"undecided: there is not enough evidence yet that {name} is acceptable"


def explain_too_soon(seconds: float, *, least: float) -> str:
    """Say that the evidence would do, but not the time. Unit: seconds."""
    return (
        f"acceptable so far, but promoted only after {_format_digits(least)} seconds, "
        f"of which {_format_digits(seconds)} have passed"
    )


def _describe_arm(counts: RequestCounts) -> str:
    return format_rate(counts) if counts.total else "no traffic"


def _format_digits(value: float) -> str:
    """Write a number with two digits that count, at least those before the point."""
    if value == 0:
        return "0"
    decimals = 1 - floor(log10(value))
    if decimals <= 0:
        return format_count(int(round(value, decimals)))
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")
