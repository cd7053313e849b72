"""Unit tests of `sluicegate.audit.request_form`."""

import json
from dataclasses import replace

import pytest
from release_requests import REQUEST

from sluicegate.audit.jcs import format_json
from sluicegate.audit.request_form import format_request, parse_request
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.model.release_request import (
    Change,
    LiveRelease,
    ReleaseRequest,
    StageEvidence,
)

FULL = replace(
    REQUEST,
    evidence=(StageEvidence("scan", "R/scan/1", Digest.of(b"found")),),
    live=LiveRelease("v1.1.0", "c" * 40, Digest.of(b"old image")),
    changes=(Change("d" * 40, ("ann@example.org",), "Mend \u202e it"),),
    rollback=True,
)


@pytest.mark.parametrize("request_", [REQUEST, FULL])
def test_a_request_comes_back_as_it_was(request_: ReleaseRequest) -> None:
    data = format_request(request_)

    assert parse_request(data) == request_
    assert data == format_json(json.loads(data))


@pytest.mark.parametrize(
    "changed",
    [
        {"more": 1},
        {"schema": "https://sluicegate.dev/release-request/v2"},
        {"nonce": "0"},
        {"artifacts": []},
        {"rollback": False},
        {"expires": "tomorrow"},
    ],
)
def test_what_this_version_would_pass_over_or_not_write_is_refused(
    changed: dict[str, object],
) -> None:
    document = {**json.loads(format_request(FULL)), **changed}
    with pytest.raises(IntegrityError):
        parse_request(json.dumps(document, separators=(",", ":")).encode())


def test_another_order_of_keys_is_another_request_and_so_refused() -> None:
    document = json.loads(format_request(REQUEST))
    data = json.dumps(dict(reversed(document.items())), separators=(",", ":")).encode()
    with pytest.raises(IntegrityError):
        parse_request(data)
