"""Rules for every test.

Where SLUICE_REQUIRE_ALL is set (scripts/test.sh sets it, for it installs every part), a
test that skips is a failure: a missing part must not look like a passing check.
"""

import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from openbao_service import Bao, Issuer

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

# How long an example takes says something of the machine, not of the code.
settings.register_profile("sluicegate", deadline=None)
settings.load_profile("sluicegate")

_REQUIRE_ALL = bool(os.environ.get("SLUICE_REQUIRE_ALL"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[
    None, pytest.TestReport, pytest.TestReport
]:
    report = yield
    return _refuse_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[
    None, pytest.CollectReport, pytest.CollectReport
]:
    report = yield
    return _refuse_skip(report)


def _refuse_skip(report: Report) -> Report:
    if _REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but every part is required here: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def issuer() -> "Issuer":
    """Who signs tokens, as GitHub does for its workflows."""
    from openbao_service import Issuer  # noqa: PLC0415 - few tests need it

    return Issuer()


@pytest.fixture(scope="session")
def bao(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Bao]":
    """A real OpenBao, one for each worker; tests make places of their own in it."""
    from openbao_service import openbao  # noqa: PLC0415 - likewise

    with openbao(tmp_path_factory.mktemp("openbao")) as server:
        yield server
