"""Having a log cosigned by witnesses, now or in passing.

A witness that does not answer holds nothing up: every one is asked in a thread of its
own, and who has not answered in time is asked again by a later command.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode_entry
from sluicegate.audit.witnessed import (
    Witnessing,
    check_witnessed,
    keep,
    known_sizes,
)
from sluicegate.audit.witnessing import Reply, ask
from sluicegate.errors import ExternalError, IntegrityError, UsageError
from sluicegate.report.anchor import Anchor, Asked
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.note import Note, parse_note
from sluicegate.tlog.policy import Policy, Witness, parse_policy
from sluicegate.tlog.tree import VerifiedTree
from sluicegate.wiring.logplace import LogPlace

IN_PASSING_SECONDS = 3.0
"""How long a command that has done its work may wait for witnesses."""

_MAX_POLICY_BYTES = 1 << 20

_LATE = "no answer within {:g} s"


def read_policy(path: Path) -> Policy:
    """Read a policy file.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_POLICY_BYTES + 1)
        if len(data) > _MAX_POLICY_BYTES:
            raise UsageError(f"{path}: a witness policy of more than 1 MiB")
        return parse_policy(data, str(path))
    except OSError as error:
        raise UsageError(
            f"cannot read the witness policy {path}: {error.strerror}"
        ) from error


@dataclass(frozen=True)
class Anchoring:
    """The log in *place*, and the witnesses that *policy* names."""

    place: LogPlace
    policy: Policy

    def attempt(self, seconds: float) -> Anchor:
        """Ask all witnesses to cosign the log as it is, within about *seconds*.

        Raises:
            UsageError: there never was a log.
            IntegrityError: the log is not what was committed or cosigned before.
            ExternalError: the log cannot be read, or cosignatures cannot be kept.
        """
        # Late: whoever only verifies needs no network, and loads none.
        from sluicegate.adapters.witness import HttpWitness  # noqa: PLC0415

        log, raw, tree = self._read()
        self._check_apart(log)
        note = _own_part(log, parse_note(raw))
        sizes = known_sizes(log.store)
        proving = threading.Lock()

        def prove(size: int) -> Sequence[bytes]:
            with proving:
                return tree.prove_consistency(size)

        def ask_one(witness: Witness) -> Reply:
            known = sizes.get((witness.key.name, witness.key.key_id), 0)
            client = HttpWitness(
                witness.url, self.place.machine.ca_bundle, timeout_seconds=seconds
            )
            return ask(witness, client, note, prove, known)

        replies = _ask_all(self.policy.witnesses, ask_one, seconds)
        lines = [reply.line for reply in replies if reply.line is not None]
        found = None
        if lines:
            found = self._keep(Note(note.text, (*note.signatures, *lines)))
        return self._describe(found or self.standing(), replies)

    def look(self) -> Anchor:
        """How the log stands with its witnesses, asking nobody.

        Raises:
            as for `attempt`.
        """
        return self._describe(self.standing(), ())

    def standing(self) -> Witnessing:
        """What the witnesses have said of the log up to now.

        Raises:
            as for `attempt`.
        """
        log, raw, tree = self._read()
        return check_witnessed(log.store, raw, tree, self.policy)

    def _read(self) -> tuple[LogReader, bytes, VerifiedTree]:
        log = self.place.reader()
        raw = log.store.load() or b""
        return log, raw, VerifiedTree(log.store.get, log.keys.open(raw))

    def _keep(self, note: Note) -> Witnessing:
        log = self.place.reader()
        with log.store.exclusive():
            return keep(log.store, log.tree(), note, self.policy)

    def _check_apart(self, log: LogReader) -> None:
        """A log that vouches for itself has no witness."""
        publics = {key.public for key in log.keys.keys}
        for witness in self.policy.witnesses:
            if witness.key.public in publics:
                raise UsageError(
                    f"the witness {witness.name} has the key of the log itself"
                )

    def _describe(self, found: Witnessing, replies: Sequence[Reply]) -> Anchor:
        log = self.place.reader()
        head = log.head()
        asked = {reply.witness.name: reply for reply in replies}
        seen = {each.witness.name: each for each in found.seen}
        rows = []
        for witness in self.policy.witnesses:
            reply, newest = asked.get(witness.name), seen.get(witness.name)
            rows.append(
                Asked(
                    name=witness.name,
                    key=witness.key.name,
                    url=witness.url,
                    size=newest.size if newest else 0,
                    at=newest.at if newest else 0,
                    why=reply.why if reply else "",
                    alarm=reply.alarm if reply else False,
                )
            )
        return Anchor(
            origin=head.origin,
            size=head.size,
            root=head.root_text,
            quorum=found.quorum,
            covered=found.size if found.reached else 0,
            since=_since(log, head, found),
            witnesses=tuple(rows),
            problems=found.problems,
        )


def _own_part(log: LogReader, note: Note) -> Note:
    """The checkpoint with the log's own signatures alone: nothing else is sent."""
    ours = {(key.name, key.key_id) for key in log.keys.keys}
    lines = [line for line in note.signatures if (line.name, line.key_id) in ours]
    return replace(note, signatures=tuple(lines))


def _since(log: LogReader, head: Checkpoint, found: Witnessing) -> datetime | None:
    """When the first entry was recorded that no quorum has seen."""
    first = found.size if found.reached else 0
    if first >= head.size:
        return None
    try:
        return decode_entry(log.entry(first)).envelope.recorded_ts
    except IntegrityError:
        return None  # pruned; that it is damaged is for `verify` to say


def _ask_all(
    witnesses: Sequence[Witness], ask_one: Callable[[Witness], Reply], seconds: float
) -> list[Reply]:
    replies: dict[str, Reply] = {}
    errors: list[IntegrityError] = []

    def run(witness: Witness) -> None:
        try:
            replies[witness.name] = ask_one(witness)
        except IntegrityError as error:
            errors.append(error)
        except UsageError as error:
            replies[witness.name] = Reply(witness, why=str(error))

    clock = threading.Event()
    threads = []
    for witness in witnesses:
        if not witness.url:
            replies[witness.name] = Reply(
                witness, why="the policy names no address to ask it at"
            )
            continue
        thread = threading.Thread(target=run, args=(witness,), daemon=True)
        thread.start()
        threads.append(thread)
    _join(threads, seconds, clock)
    if errors:
        raise errors[0]
    late = _LATE.format(seconds)
    return [replies.get(each.name, Reply(each, why=late)) for each in witnesses]


def _join(
    threads: Sequence[threading.Thread], seconds: float, clock: threading.Event
) -> None:
    timer = threading.Timer(seconds, clock.set)
    timer.daemon = True
    timer.start()
    for thread in threads:
        while thread.is_alive() and not clock.is_set():
            thread.join(0.02)
    timer.cancel()


def anchor_in_passing(place: LogPlace, policy_file: Path) -> str | None:
    """Ask the witnesses once, briefly, after a command has done its work.

    Returns:
        A line for a person if anything is pending or wrong, None if all is well.
    """
    try:
        anchor = Anchoring(place, read_policy(policy_file)).attempt(IN_PASSING_SECONDS)
    except (ExternalError, UsageError, IntegrityError) as error:
        return f"anchor pending: {error}"
    return anchor.pending()
