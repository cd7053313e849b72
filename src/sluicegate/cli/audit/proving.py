"""Writing a proof that an entry is in the log, and checking one."""

from collections.abc import Sequence
from pathlib import Path

from sluicegate.audit.proofs import ProvenEntry, build_proof, open_proof
from sluicegate.cli.audit.showing import find_entry
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_raw, write_result
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.report.audit import Cosigner, Witnessed
from sluicegate.report.entry import ShownEntry
from sluicegate.report.proof import (
    proof_document,
    proof_text,
    refusal_document,
    refusal_text,
    written_text,
)
from sluicegate.tlog.bundles import MAX_ENTRY_BYTES
from sluicegate.tlog.checkpoint import Checkpoint, parse_checkpoint
from sluicegate.tlog.hashes import hash_leaf
from sluicegate.tlog.note import VerifierKey, format_vkey, parse_note, parse_vkey
from sluicegate.tlog.policy import Policy
from sluicegate.tlog.proof import MAX_PROOF_BYTES, SUFFIX, format_proof, parse_proof
from sluicegate.wiring.anchoring import read_policy
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine


def write_proof(
    text: str, place: str | None, vkey: str | None, file: Path | None
) -> ExitCode:
    """Prove the entry that *text* names, into *file*."""
    machine = Machine()
    source = LogPlace.of(machine, place, vkey)
    log = source.reader()
    index = find_entry(machine, log, text)
    proof = build_proof(log, index)
    data = format_proof(proof)
    if file == Path("-"):
        write_raw(data)
        return ExitCode.OPEN
    file = file or Path(f"entry-{index}{SUFFIX}")
    _write_new(file, data)
    state = parse_checkpoint(parse_note(proof.checkpoint).text)
    key = log.keys.key_at(state.size)
    entry = log.entry(index)
    shown = _show(index, entry, state, key, source.key_source)
    write_result(written_text(shown, str(file)))
    return ExitCode.OPEN


def check_proof(
    file: Path,
    vkey: str | None,
    policy_file: Path | None,
    entry_file: Path | None,
    *,
    as_json: bool,
) -> ExitCode:
    """Check the proof in *file* with nothing else at hand, and show what it proves."""
    data = _read(file, MAX_PROOF_BYTES + 1)
    policy = None if policy_file is None else read_policy(policy_file)
    entry = None if entry_file is None else _read(entry_file, MAX_ENTRY_BYTES + 1)
    try:
        keys, source = _choose_keys(data, vkey, policy)
        proven = open_proof(data, keys, policy, entry)
    except IntegrityError as error:
        write_result((refusal_document if as_json else refusal_text)(str(error)))
        return ExitCode.TAMPERED
    shown = _show(proven.index, proven.entry, proven.head, proven.key, source)
    use_what_the_terminal_has()
    write = proof_document if as_json else proof_text
    write_result(write(shown, _view(proven, policy)))
    return ExitCode.OPEN


def _choose_keys(
    data: bytes, vkey: str | None, policy: Policy | None
) -> tuple[Sequence[VerifierKey], str]:
    """The keys to trust, and where they come from, in words."""
    if vkey is not None:
        try:
            return [parse_vkey(vkey)], "the key given with --key"
        except IntegrityError as error:
            raise UsageError(
                str(error), hint="a key looks like name+1a2b3c4d+AQ..."
            ) from error
    if policy is not None and policy.logs:
        return [log.key for log in policy.logs], "a log line of the policy"
    origin = parse_checkpoint(parse_note(parse_proof(data).checkpoint).text).origin
    keyring = Machine().keyring
    signer = keyring.find(origin)
    if signer is None:
        return [], ""
    return [parse_vkey(signer.vkey())], f"this machine's key {keyring.where(origin)}"


def _show(
    index: int, entry: bytes, state: Checkpoint, key: VerifierKey, source: str
) -> ShownEntry:
    return ShownEntry(
        index=index,
        entry=entry,
        leaf=hash_leaf(entry),
        origin=state.origin,
        size=state.size,
        root=state.root_text,
        vkey=format_vkey(key),
        key_source=source,
    )


def _view(proven: ProvenEntry, policy: Policy | None) -> Witnessed | None:
    if policy is None or proven.quorum is None:
        return None
    size = proven.head.size
    return Witnessed(
        quorum=policy.describe(),
        reached=proven.quorum.reached,
        size=size,
        signed=tuple(
            Cosigner(each.witness.key.name, size, each.at)
            for each in proven.quorum.signed
        ),
        missing=tuple(each.key.name for each in proven.quorum.missing),
    )


def _read(file: Path, limit: int) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(limit)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error


def _write_new(file: Path, data: bytes) -> None:
    """Write *file*, and overwrite nothing."""
    try:
        with file.open("xb") as stream:
            stream.write(data)
    except FileExistsError as error:
        raise UsageError(
            f"{file} is there already", hint="remove it, or name another with -o"
        ) from error
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
