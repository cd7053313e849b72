"""What ``sluice attest`` does and shows."""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sluicegate.audit.published_run import PublishedRun, find_published_run
from sluicegate.audit.search import Search
from sluicegate.cli.audit.logged import build_logged
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_line, write_raw, write_result
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.model.event import RunStarted
from sluicegate.model.publication import Attached, Attachment, PublishedImage
from sluicegate.ports.signer import Signer
from sluicegate.report.attestations import (
    Attested,
    Outcome,
    attested_document,
    attested_text,
)
from sluicegate.report.export.attestations import (
    PAYLOAD_TYPE,
    Attestation,
    Publication,
    attest,
    find_publications,
)
from sluicegate.report.export.envelopes import (
    BUNDLE,
    annotate,
    format_bundle,
    format_envelope,
)
from sluicegate.report.export.logged import Logged, LogHead, Moment
from sluicegate.report.export.release import divide
from sluicegate.tlog.dsse import Envelope, sign
from sluicegate.tlog.note import parse_vkey
from sluicegate.tlog.proof import SUFFIX
from sluicegate.wiring.attesting import Attesting
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.masking import build_machine_redactor
from sluicegate.wiring.outputs import fill_folder, write_lines_to

_SUFFIX = ".intoto.jsonl"
_IGNORED = Path(".sluicegate/attestations")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._+-]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for, as the options of the command."""

    release: str | None
    run: str | None
    place: str | None
    vkey: str | None
    output: Path | None
    push: bool
    unsigned: bool


@dataclass(frozen=True, slots=True)
class _Made:
    """A statement, and what was made of it: signed, if it was."""

    attestation: Attestation
    envelope: Envelope | None

    @property
    def line(self) -> str:
        if self.envelope is None:
            return self.attestation.payload.decode()
        return format_envelope(self.envelope)


def attest_release(wanted: Wanted, *, as_json: bool) -> ExitCode:
    """Attest what *wanted* names, into files and beside its image."""
    machine = Machine()
    attesting = Attesting(LogPlace.of(machine, wanted.place, wanted.vkey))
    log = attesting.log
    run_id = None if wanted.run is None else Search(log).find_run(wanted.run)
    run = find_published_run(log, wanted.release, run_id)
    signer = None if wanted.unsigned else attesting.signer()
    published, attestations = _read(attesting, machine, run)
    made = [
        _Made(each, None if signer is None else _sign(each, signer))
        for each in attestations
    ]
    written = _write(attesting, wanted, run, made)
    attached = (
        {} if signer is None or not wanted.push else _push(attesting, made, signer)
    )
    outcome = Outcome(
        name=run.name,
        commit=run.commit,
        run_id=run.run_id,
        signed_by=None if signer is None else signer.vkey(),
        images=tuple((each.published, each.image) for each in published),
        statements=tuple(
            Attested(each.attestation, tuple(attached.get(number, ())))
            for number, each in enumerate(made)
        ),
        left_out=tuple(_left_out(run)),
        written=written,
        pushed=wanted.push,
    )
    if wanted.output == Path("-"):
        write_line(attested_text(outcome), sys.stderr)
    else:
        write_result((attested_document if as_json else attested_text)(outcome))
    return ExitCode.OPEN


def _read(
    attesting: Attesting, machine: Machine, run: PublishedRun
) -> tuple[Sequence[Publication], list[Attestation]]:
    head = attesting.log.head()
    start = Moment(
        LogHead(head.origin, head.size, head.root_text),
        build_logged(run.entries[0]),
        None,
        partial(_load, attesting),
        build_machine_redactor(machine).text,
    )
    entries = [build_logged(each) for each in run.entries]
    published = find_publications(entries)
    started = _started(entries[0])
    found: list[Attestation] = []
    for logged in entries:
        origin = run.origins.get(logged.row.index)
        taken = None
        if origin is not None:
            begun = _started(build_logged(origin.started))
            taken = replace(start, logged=build_logged(origin.finished), started=begun)
        moment = replace(start, logged=logged, started=started)
        found += attest(moment, published, taken)
    return published, found


def _started(logged: Logged) -> RunStarted | None:
    return logged.event if isinstance(logged.event, RunStarted) else None


def _load(attesting: Attesting, digest: Digest) -> bytes:
    try:
        return attesting.place.evidence.load(digest)
    except IntegrityError as error:
        hint = "without it nothing is attested: put it back from a copy"
        raise IntegrityError(str(error), hint=error.hint or hint) from error


def _left_out(run: PublishedRun) -> Iterator[str]:
    for found in run.entries:
        if build_logged(found).event is None:
            yield f"entry {found.index}: of a type that a newer version knows"
        if found.index in run.origins and run.origins[found.index] is None:
            yield (
                f"{found.facts.stage}: who found it out was pruned from the log; its"
                " gate is attested"
            )


def _sign(attestation: Attestation, signer: Signer) -> Envelope:
    return sign(PAYLOAD_TYPE, attestation.payload, signer)


def _write(
    attesting: Attesting, wanted: Wanted, run: PublishedRun, made: Sequence[_Made]
) -> str | None:
    """Write the statements; where, None if nowhere."""
    output = wanted.output
    if output is None and wanted.push:
        return None
    lines = [f"{each.line}\n" for each in made]
    if output is None:
        name = f"{_NOT_IN_NAMES.sub('-', run.name)}{_SUFFIX}"
        # Beside the pipeline file it would be a change that no commit holds.
        folder = _IGNORED if _IGNORED.parent.is_dir() else Path()
        fill_folder(folder, [(name, "".join(lines))])
        return str(folder / name)
    if output == Path("-"):
        write_raw("".join(lines).encode())
    elif output.suffix and not output.is_dir():
        write_lines_to(output, lines)
    else:
        fill_folder(output, _files(attesting, made))
    return str(output)


def _files(attesting: Attesting, made: Sequence[_Made]) -> Iterator[tuple[str, str]]:
    for number, each in enumerate(made):
        yield f"{number:03d}-{_name(each.attestation, '.json')}", f"{each.line}\n"
    for index in sorted({each.attestation.index for each in made}):
        yield f"entry-{index}{SUFFIX}", attesting.proof(index)


def _name(attestation: Attestation, suffix: str) -> str:
    """What a file of it is called; no stage's name leads elsewhere."""
    name = f"{attestation.stage}-{attestation.name}{suffix}"
    return _NOT_IN_NAMES.sub("-", name).lstrip(".")


def _push(
    attesting: Attesting, made: Sequence[_Made], signer: Signer
) -> dict[int, list[Attached]]:
    """Attach each statement to the images that it is about; where, by its number."""
    key = parse_vkey(signer.vkey())
    jobs: dict[PublishedImage, list[tuple[int, Attachment]]] = {}
    for number, each in enumerate(made):
        assert each.envelope is not None
        it = each.attestation
        attachment = Attachment(
            _name(it, ".sigstore.json"),
            BUNDLE,
            format_bundle(each.envelope, key),
            annotate(it.predicate_type, it.at),
        )
        for image in it.images:
            jobs.setdefault(image, []).append((number, attachment))
    found: dict[int, list[Attached]] = {}
    for image, numbered in jobs.items():
        attachments = attesting.attachments(divide(image.reference)[0])
        places = attachments.attach(image, [each for _, each in numbered])
        for (number, _), place in zip(numbered, places, strict=True):
            found.setdefault(number, []).append(place)
    return found
