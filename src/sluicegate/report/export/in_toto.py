"""The log as in-toto statements, one a line: what other tools read of a release.

A statement is not signed: it says where in the log its entry is, and the log is.
"""

from collections.abc import Iterator

from sluicegate.report.export.logged import Format, Moment, Part, Source, with_runs
from sluicegate.report.export.provenance import PROVENANCE, provenance
from sluicegate.report.export.release import RELEASE, releases
from sluicegate.report.export.statement import Statement
from sluicegate.report.export.testing import TEST_RESULT, testing
from sluicegate.report.export.verification import SVR, verification
from sluicegate.report.export.vulns import VULNS, vulns

NAMES = {
    PROVENANCE: "provenance",
    TEST_RESULT: "test-result",
    VULNS: "vulns",
    SVR: "svr",
    RELEASE: "release",
}
"""What files call the types of predicates, after the files that specify them."""


def statements(moment: Moment) -> Iterator[Statement]:
    """Everything that an entry states in the words of others."""
    for make in (provenance, testing, vulns, verification):
        statement = make(moment)
        if statement is not None:
            yield statement
    yield from releases(moment)


def _write(source: Source) -> Iterator[Part]:
    for moment in with_runs(source):
        for number, statement in enumerate(statements(moment)):
            name = NAMES[statement.predicate_type]
            index = moment.logged.row.index
            yield Part(f"{index:09d}-{number}-{name}.json", statement.format(moment))


IN_TOTO = Format(
    name="in-toto",
    summary="builds, tests, scans, gates and releases as in-toto statements",
    suffix=".intoto.jsonl",
    splits=True,
    write=_write,
)
