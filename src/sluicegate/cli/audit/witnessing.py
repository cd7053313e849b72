"""What ``sluice audit witness`` does and shows."""

from collections.abc import Sequence
from pathlib import Path

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import warn, write_result
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.report.anchor import Anchor, anchor_document, anchor_text
from sluicegate.tlog.note import COSIGNATURE_V1, parse_vkey
from sluicegate.tlog.policy import Policy, Witness, require_all
from sluicegate.wiring.anchoring import Anchoring, anchor_in_passing, read_policy
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine


def show(
    place: str | None,
    vkey: str | None,
    policy: Path | None,
    witnesses: Sequence[tuple[str, str]],
    timeout: float,
    *,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """Ask the witnesses, say what came of it."""
    log = LogPlace.of(Machine(), place, vkey)
    anchoring = Anchoring(log, _choose(policy, witnesses))
    anchor = anchoring.look() if dry_run else anchoring.attempt(timeout)
    write_result((anchor_document if as_json else anchor_text)(anchor))
    return _conclude(anchor)


def _conclude(anchor: Anchor) -> ExitCode:
    if anchor.alarms:
        return ExitCode.TAMPERED
    return ExitCode.OPEN if anchor.reached else ExitCode.BROKEN


def _choose(policy: Path | None, witnesses: Sequence[tuple[str, str]]) -> Policy:
    if policy is not None and witnesses:
        raise UsageError("--policy names the witnesses already; leave --witness out")
    if witnesses:
        return require_all(tuple(_read(*each) for each in witnesses))
    named = policy or configured_policy()
    if named is None:
        raise UsageError(
            "no witnesses are known",
            hint="name a policy file with --policy or under audit.witnesses in the "
            "pipeline file, or one witness with --witness VKEY URL",
        )
    return read_policy(named)


def anchor_after(log: LogPlace, place: str | None) -> None:
    """After a command has written to *log*, show it to its witnesses, if it has any.

    *place* is what the user named; the pipeline file here speaks of its own log alone.
    """
    policy = configured_policy() if place is None else None
    if policy is not None and (pending := anchor_in_passing(log, policy)):
        warn([pending])


def configured_policy() -> Path | None:
    """The policy file that the pipeline file in this folder names."""
    from sluicegate.config.file import PIPELINE_FILE, read_witnesses  # noqa: PLC0415

    file = Path(PIPELINE_FILE)
    if not file.is_file():
        return None
    named = read_witnesses(file.read_bytes(), PIPELINE_FILE)
    return None if named is None else Path(named)


def _read(vkey: str, url: str) -> Witness:
    try:
        key = parse_vkey(vkey)
    except IntegrityError as error:
        raise UsageError(
            str(error), hint="--witness takes a key, name+1a2b3c4d+BA..., then a URL"
        ) from error
    if key.algorithm != COSIGNATURE_V1:
        raise UsageError(
            f"the key of {key.name} is of type 0x{key.algorithm:02x}; a cosigner's is "
            f"0x{COSIGNATURE_V1:02x} here"
        )
    return Witness(key.name, key, url)
