"""Test results out of JUnit XML, as pytest writes it.

The file is written in the reach of code under test. A document type definition, with
which a small file can ask for gigabytes, is therefore refused before anything is read.
"""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET
from xml.parsers import expat

from sluicegate.errors import PermanentError

_PLACE = re.compile(r"^(?P<path>[^\s:][^:\n]*):(?P<line>\d{1,9}): ", re.MULTILINE)
_MAX_LINE = 10**9
_MAX_SECONDS = 10.0**9


@enum.unique
class CaseOutcome(enum.Enum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Case:
    """One test. ``path`` is empty and ``line`` 0 when the report does not say.

    ``message`` is the first line of what went wrong, empty for a test that passed.
    ``ms`` is how long it took, in milliseconds, its fixtures included.
    """

    name: str
    outcome: CaseOutcome
    message: str
    path: str
    line: int
    ms: int = 0


def parse_cases(document: bytes) -> tuple[Case, ...]:
    """Read the tests of a report, in document order.

    Raises:
        PermanentError: *document* is not JUnit XML, is cut short, or has a document
            type definition.
    """
    return tuple(_case(element) for element in _read(document).iter("testcase"))


def merge_reports(documents: Sequence[bytes]) -> bytes:
    """Put the suites of several reports into one, in order.

    Every process collects everything, so a module that cannot be imported fails in all
    of them: such a case is kept once.

    Raises:
        PermanentError: as `parse_cases`.
    """
    merged = ET.Element("testsuites")
    seen: set[tuple[str | None, str | None]] = set()
    for document in documents:
        for suite in _read(document).iter("testsuite"):
            for element in suite.findall("testcase"):
                if not _is_of_collection(element):
                    continue
                name = (element.get("classname"), element.get("name"))
                if name in seen:
                    suite.remove(element)
                    for total in ("tests", "errors"):
                        suite.set(total, str(_number(suite.get(total)) - 1))
                seen.add(name)
            merged.append(suite)
    whole: bytes = ET.tostring(merged, encoding="utf-8", xml_declaration=True)
    return whole


def case_key(name: str) -> tuple[str, str]:
    """What a test that pytest calls *name* has as ``path`` and ``name`` in a report."""
    path, _, rest = name.partition("::")
    plain, bracket, parameters = rest.partition("[")
    return path, plain.replace("::", ".") + bracket + parameters


def _is_of_collection(element: ET.Element) -> bool:
    error = element.find("error")
    return error is not None and error.get("message") == "collection failure"


def _read(document: bytes) -> ET.Element:
    try:
        _refuse_doctype(document)
        root = ET.fromstring(document)  # noqa: S314 - DTDs were refused
    except (ET.ParseError, expat.ExpatError, ValueError, LookupError) as error:
        raise PermanentError(f"not a JUnit report: {error}") from error
    if root.tag not in {"testsuites", "testsuite"}:
        raise PermanentError(f"not a JUnit report: its root is <{root.tag[:40]}>")
    return root


def _refuse_doctype(document: bytes) -> None:
    def refuse(*_: object) -> None:
        raise PermanentError("a JUnit report must not have a document type definition")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(document, True)  # noqa: FBT003 - its only form


def _case(element: ET.Element) -> Case:
    outcome, detail = _outcome(element)
    path = element.get("file", "")
    line = _number(element.get("line")) + 1 if element.get("line") else 0
    text = detail.text or "" if detail is not None else ""
    for place in _PLACE.finditer(text):
        if place["path"] == path:  # the deepest line of the test's own file
            line = _number(place["line"])
    message = detail.get("message", "") if detail is not None else ""
    return Case(
        name=_name(element, path),
        outcome=outcome,
        message=next(iter(message.strip().splitlines()), ""),
        path=path,
        line=line,
        ms=_milliseconds(element.get("time")),
    )


def _outcome(element: ET.Element) -> tuple[CaseOutcome, ET.Element | None]:
    for tag, outcome in (
        ("error", CaseOutcome.ERROR),
        ("failure", CaseOutcome.FAILED),
        ("skipped", CaseOutcome.SKIPPED),
    ):
        detail = element.find(tag)
        if detail is not None:
            return outcome, detail
    return CaseOutcome.PASSED, None


def _name(element: ET.Element, path: str) -> str:
    name, group = element.get("name", ""), element.get("classname", "")
    module = path.removesuffix(".py").replace("/", ".")
    inner = group.removeprefix(module).strip(".")
    return f"{inner}.{name}" if inner else name


def _milliseconds(text: str | None) -> int:
    try:
        return round(min(max(float(text or 0), 0.0), _MAX_SECONDS) * 1000)
    except (ValueError, OverflowError):
        return 0


def _number(text: str | None) -> int:
    try:
        return min(max(int(text or 0), 0), _MAX_LINE)
    except ValueError:
        return 0
