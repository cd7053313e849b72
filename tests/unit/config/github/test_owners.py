from host_setups import ASKED, checkout

from sluicegate.config.github.owners import judge_owners
from sluicegate.model.host_check import Standing


def test_files_without_an_owner_are_named_with_the_lines_to_add() -> None:
    files = checkout(owners=(".github/CODEOWNERS", "/.github/workflows/ @acme/leads\n"))

    (found,) = judge_owners(files, ASKED)

    assert found.standing is Standing.WARNING
    assert found.fix.splitlines() == [
        "# .github/CODEOWNERS",
        "/sluicegate.yaml @OWNER/TEAM",
        "/.github/allowed_signers @OWNER/TEAM",
        "/.github/CODEOWNERS @OWNER/TEAM",
    ]


def test_without_the_file_all_lines_are_given() -> None:
    (found,) = judge_owners(checkout(owners=None), ASKED)

    assert found.what == "there is no CODEOWNERS file"
    assert "/.github/workflows/ @OWNER/TEAM" in found.fix
