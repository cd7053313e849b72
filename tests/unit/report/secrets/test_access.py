"""What a look at providers comes to: nothing that is not known looks all right."""

import json
import subprocess
from pathlib import Path

import pytest

from sluicegate.model.secret_access import Excess, Survey
from sluicegate.report.secrets.access import (
    Access,
    ProviderAccess,
    SecretRead,
    Trouble,
    access_document,
    access_text,
    policies_text,
)
from sluicegate.report.secrets.policy_text import PolicyText

_READ = SecretRead("TOKEN", "bao:ml/registry", "3")
_DENIED = SecretRead("TOKEN", "bao:ml/registry", trouble=Trouble("denied", "allow it"))
_UNREACHED = SecretRead(
    "TOKEN", "bao:ml/registry", trouble=Trouble("no answer", is_answer=False)
)
_FINE = Survey("policies p; lasts 15m")
_WIDE = Survey("policies p; lasts 15m", (Excess("kv/data/*", "read: others"),))
_SILENT = Survey("policies p; lasts 15m", unknown=("what it may do at x",))


def _found(
    *reads: SecretRead, survey: Survey | None = None, left: str | None = None
) -> ProviderAccess:
    return ProviderAccess("bao", "openbao", "openbao here", reads, survey, left=left)


@pytest.mark.parametrize(
    ("found", "access"),
    [
        (_found(_READ, survey=_FINE), Access.ENOUGH),
        (_found(_READ), Access.ENOUGH),  # nobody can ask more of a variable
        (_found(_READ, survey=_WIDE), Access.TOO_MUCH),
        (_found(_READ, survey=_SILENT), Access.UNKNOWN),
        (_found(_DENIED, survey=_FINE), Access.NOT_ENOUGH),
        (_found(_DENIED, survey=_WIDE), Access.NOT_ENOUGH),
        (_found(_READ, _UNREACHED, survey=_FINE), Access.UNKNOWN),
        (_found(_UNREACHED, survey=_WIDE), Access.TOO_MUCH),
        (_found(_DENIED, _UNREACHED, survey=_SILENT), Access.NOT_ENOUGH),
        (
            ProviderAccess("bao", "openbao", refused=Trouble("no login")),
            Access.UNKNOWN,
        ),
    ],
)
def test_an_answer_goes_before_none_and_none_is_never_enough(
    found: ProviderAccess, access: Access
) -> None:
    assert found.access is access
    [document] = json.loads(access_document([found]))["providers"]
    assert document["access"] == access.value.replace(" ", "_")


def test_what_is_shown_names_everything_that_was_looked_at() -> None:
    left = "Vault cannot revoke a batch token; it lasts until 2026-11-23T10:00:00Z"
    assert access_text(
        _found(_READ, _DENIED, survey=_WIDE, left=left)
    ).splitlines() == [
        "bao: openbao here",
        "ok  login: policies p; lasts 15m",
        "ok  TOKEN: can be read from bao:ml/registry, version 3",
        "--  TOKEN from bao:ml/registry: denied",
        "    fix: allow it",
        "--  kv/data/*: may also read: others",
        f"i   end: {left}",
        "not enough: a stage would not get its secrets",
    ]


def test_whoever_reads_the_document_knows_what_was_left() -> None:
    found = _found(_READ, survey=_FINE, left="it lasts")
    [document] = json.loads(access_document([found]))["providers"]
    assert (document["revoked"], document["left"]) == (False, "it lasts")
    refused = ProviderAccess("bao", "openbao", refused=Trouble("no login"))
    [document] = json.loads(access_document([refused]))["providers"]
    assert document["revoked"] is None
    assert document["refused"]["what"] == "no login"


def test_what_is_to_be_pasted_is_a_script(tmp_path: Path) -> None:
    text = "path \"a $HOME `id` 'b'\" {\n}\n"
    texts = (
        PolicyText("policy p: a file p q.hcl", "hcl", text, "p q.hcl"),
        PolicyText("commands that use it", "sh", "cat 'p q.hcl'\n"),
    )
    done = subprocess.run(
        ["sh", "-eu", "-c", policies_text(texts)],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == text
    assert (tmp_path / "p q.hcl").read_text() == text
