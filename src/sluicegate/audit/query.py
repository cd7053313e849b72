"""What somebody looks for in a log."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from sluicegate.ports.entry_index import Column, EntryFacts, Wanted


@dataclass(frozen=True, slots=True)
class Query:
    """All that is given must hold; nothing given is every entry.

    Args:
        run: the id of a run.
        kinds: types, any of them; ``*`` and ``?`` stand for other characters here and
            in the next two.
        stage: a stage.
        actor: the id of whoever acted, or its kind, a colon and its id.
        commit: how the commit begins, in hex.
        digest: how one of the entry's SHA-256 digests begins, in hex.
        event_end: how the event id ends.
        since: the first moment, in UTC.
        until: the first moment after, in UTC.
    """

    run: str = ""
    kinds: tuple[str, ...] = ()
    stage: str = ""
    actor: str = ""
    commit: str = ""
    digest: str = ""
    event_end: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is asked for."""
        return self == Query()

    def matches(self, facts: EntryFacts) -> bool:
        """Whether an entry with these facts is looked for."""
        return (
            all(test(getattr(facts, at.value)) for at, test in self._tests().items())
            and (
                not self.digest
                or any(each.startswith(self.digest) for each in facts.digests)
            )
            and facts.event_id.endswith(self.event_end)
            and (self.since is None or facts.recorded >= write_time(self.since))
            and (self.until is None or facts.recorded < write_time(self.until))
        )

    def wanted(self, words: Callable[[Column], Collection[str]]) -> Wanted:
        """The question for an index whose columns hold *words*."""
        return Wanted(
            words={
                column: [word for word in words(column) if test(word)]
                for column, test in self._tests().items()
            },
            digest=self.digest,
            event_end=self.event_end,
            since="" if self.since is None else write_time(self.since),
            until="" if self.until is None else write_time(self.until),
        )

    def _tests(self) -> Mapping[Column, Callable[[str], bool]]:
        """What the columns that are asked about may hold."""
        tests: dict[Column, Callable[[str], bool]] = {}
        if self.run:
            tests[Column.RUN] = self.run.__eq__
        if self.kinds:
            tests[Column.KIND] = self._is_kind
        if self.stage:
            tests[Column.STAGE] = self._is_stage
        if self.actor:
            tests[Column.ACTOR] = self._is_actor
        if self.commit:
            tests[Column.COMMIT] = self._is_commit
        return tests

    def _is_kind(self, kind: str) -> bool:
        return any(fnmatchcase(kind, pattern) for pattern in self.kinds)

    def _is_stage(self, stage: str) -> bool:
        return bool(stage) and fnmatchcase(stage, self.stage)

    def _is_actor(self, actor: str) -> bool:
        _, _, name = actor.partition(":")
        return any(fnmatchcase(each, self.actor) for each in (actor, name) if each)

    def _is_commit(self, commit: str) -> bool:
        return commit.startswith(self.commit)


def write_time(at: datetime) -> str:
    """A moment in UTC in the form of the log, cut to milliseconds; sorts as text."""
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
