import pytest

from sluicegate.config.file import parse_pipeline, read_signers
from sluicegate.errors import PipelineFileError

TEXT = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  lint: {{uses: ruff}}
audit: {{{}}}
"""


def read(audit: str) -> tuple[str, str | None]:
    """The file of signers, and the inbox."""
    data = TEXT.format(audit).encode()
    pipeline = parse_pipeline(data, "sluicegate.yaml")
    return read_signers(data, "sluicegate.yaml"), pipeline.audit.inbox


def test_signers_are_where_code_hosts_keep_such_files() -> None:
    assert read("") == (".github/allowed_signers", None)


def test_another_file_and_another_inbox_can_be_named() -> None:
    assert read("signers: team/signers, inbox: git:origin") == (
        "team/signers",
        "git:origin",
    )


@pytest.mark.parametrize(
    "audit",
    [
        *("signers: ../x", "signers: /etc/x", "signers: a//b", "signers: ''"),
        *("inbox: origin", "inbox: 'git:'", "inbox: git:--upload-pack=x", "inbox: []"),
    ],
)
def test_what_leads_elsewhere_is_refused(audit: str) -> None:
    with pytest.raises(PipelineFileError, match=r"audit\.(signers|inbox)"):
        read(audit)
