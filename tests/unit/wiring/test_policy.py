"""Unit tests of `sluicegate.wiring.policy`, with real repositories."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from policies import WHO, pipeline, shared

from sluicegate.errors import IntegrityError, UsageError
from sluicegate.gates.rules import Policy
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.policy import PolicySource
from sluicegate.wiring.project import Project

RULES = 'approvals: {count: 2, from: ["@leads"], exclude: [author]}'
LOOSE = "approvals: {from: [ann], exclude: []}"
ORG = 'approvals: {from: ["@security"]}'
FILE = "sluicegate.yaml"


class Clone:
    """A repository on the branch main; with *origin*, a clone of it."""

    def __init__(self, folder: Path, origin: "Clone | None" = None) -> None:
        self.folder = folder
        if origin is None:
            folder.mkdir()
            self.git("init", "-q", "-b", "main")
        else:
            subprocess.run(
                ["git", "clone", "-q", origin.folder, folder], check=True, timeout=60
            )

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        """Commit *files*, by path, and return the commit."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def source(self, file: str = FILE) -> PolicySource:
        environ = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "XDG_CACHE_HOME": str(self.folder.parent / "cache"),
        }
        return PolicySource(Project(Machine(environ), self.folder / file))

    def policy(self, file: str = FILE) -> Policy:
        return self.source(file).policy("production")


@pytest.fixture
def here(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "here")


def pin(clone: Clone, text: str, **changed: str) -> str:
    """Commit the policy *text*; the setting that extends it, with parts *changed*."""
    parts = {
        "git": str(clone.folder),
        "commit": clone.commit(**{"acme.yaml": text}),
        "path": "acme.yaml",
        "digest": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
    } | changed
    said = ", ".join(f'{key}: "{value}"' for key, value in parts.items())
    return f"extends: {{{said}}}\n"


def test_rules_are_those_of_the_tip_of_the_protected_branch(here: Clone) -> None:
    commit = here.commit(**{FILE: pipeline(RULES)})

    found = here.policy()

    assert (found.branch, found.commit) == ("refs/heads/main", commit)
    assert found.layers[0].approvals is not None
    assert found.layers[0].approvals.count == 2
    assert found.layers[0].source == "sluicegate.yaml at refs/heads/main"


def test_nothing_that_a_released_branch_says_has_any_effect(here: Clone) -> None:
    here.commit(
        **{
            FILE: pipeline(RULES, f"extends: policy/org.yaml\n{WHO}"),
            "policy/org.yaml": shared(ORG),
            ".github/allowed_signers": "ann@acme.org ssh-ed25519 AAAA\n",
        }
    )
    before, target = here.policy(), here.source().environment("production").target
    here.git("checkout", "-q", "-b", "release")
    loosened = pipeline(LOOSE, "people: {ann: [eve@acme.org]}\n")
    here.commit(
        **{
            FILE: loosened.replace("port: 8000", "port: 1"),
            "policy/org.yaml": shared("gate: [time.hour < 24]"),
            ".github/allowed_signers": "eve@acme.org ssh-ed25519 BBBB\n",
        }
    )
    (here.folder / FILE).write_text("schema: 5\n")  # nor has the work tree

    assert here.policy() == before
    assert here.source().environment("production").target == target


def test_no_stage_of_another_kind_speaks_for_that_of_the_protected_branch(
    here: Clone,
) -> None:
    here.commit(**{FILE: pipeline(RULES)})
    honest = here.source().project.pipeline
    fields = "evidence: {file: x.json, fields: {critical: integer}}"
    forged = pipeline(RULES).replace("uses: trivy", f"uses: command, run: x, {fields}")
    (here.folder / FILE).write_text(forged)
    source = here.source()

    assert source.policy("production", honest) == source.policy("production")
    with pytest.raises(UsageError, match="'scan' is command in what is released"):
        source.policy("production", source.project.pipeline)


def test_no_other_project_releases_under_rules_of_its_own(here: Clone) -> None:
    here.commit(
        **{FILE: pipeline(RULES), "spare.yaml": pipeline().replace("churn", "x")}
    )
    (here.folder / "spare.yaml").write_text(pipeline())
    source = here.source("spare.yaml")

    with pytest.raises(UsageError, match=r"belongs to churn, and the rules at .* of x"):
        source.policy("production", source.project.pipeline)


def test_a_pipeline_is_known_if_the_protected_branch_has_or_has_had_it(
    here: Clone,
) -> None:
    weak = pipeline().replace("uses: trivy", "uses: trivy, scanners: [secret]")
    here.commit(**{FILE: pipeline(RULES)})
    before = here.source().project.pipeline.definition
    here.commit(**{FILE: "not: a pipeline\n"})
    here.commit(**{FILE: pipeline(RULES).replace("uses: trivy", "uses: ruff")})
    clone = Clone(here.folder.with_name("clone"), here)
    clone.commit(**{FILE: weak})
    source = clone.source()

    assert clone.git("branch", "--show-current") == "main", (
        "called like it, and no more"
    )
    assert source.has_had(before)
    assert source.has_had(here.source().definition())
    assert not source.has_had(source.project.pipeline.definition)


def test_rules_of_a_clone_are_those_of_its_origin(here: Clone) -> None:
    here.commit(**{FILE: pipeline(RULES)})
    clone = Clone(here.folder.with_name("clone"), here)
    clone.commit(**{FILE: pipeline(LOOSE)})

    found = clone.policy()

    assert found.branch == "refs/remotes/origin/HEAD" or found.branch.endswith("/main")
    assert found.commit == here.git("rev-parse", "HEAD")
    assert found.digest == here.policy().digest


def test_a_merged_change_of_rules_is_known_at_once(here: Clone) -> None:
    here.commit(**{FILE: pipeline(RULES)})
    source = here.source()
    before = source.policy("production")
    here.commit(**{"unrelated.txt": "x"})
    unrelated = source.policy("production")
    here.commit(**{FILE: pipeline(LOOSE)})

    assert unrelated.digest == before.digest
    assert unrelated.commit != before.commit
    assert source.policy("production").digest != before.digest


def test_a_service_in_a_folder_of_its_own_extends_from_there(here: Clone) -> None:
    here.commit(
        **{
            f"services/churn/{FILE}": pipeline(RULES, f"extends: ../org.yaml\n{WHO}"),
            "services/org.yaml": f"extends: more/a.yaml\n{shared(ORG)}",
            "services/more/a.yaml": shared(ORG),
        }
    )

    found = here.policy(f"services/churn/{FILE}")

    assert [layer.source for layer in found.layers] == [
        f"services/churn/{FILE} at refs/heads/main",
        '"*" of services/org.yaml at refs/heads/main',
        '"*" of services/more/a.yaml at refs/heads/main',
    ]


def test_a_policy_of_another_repository_is_a_layer(here: Clone) -> None:
    org = Clone(here.folder.with_name("org"))
    extends = pin(org, shared(ORG))
    here.commit(**{FILE: pipeline("", extends)})
    found = here.policy()

    org.commit(**{"acme.yaml": shared("gate: [time.hour < 24]")})
    org.folder.rename(org.folder.with_name("gone"))

    assert found.layers[1].approvals is not None
    assert here.policy() == found, "neither its branch nor the network is asked again"


def test_another_file_than_was_pinned_is_refused(here: Clone) -> None:
    org = Clone(here.folder.with_name("org"))
    extends = pin(org, shared(ORG), digest=f"sha256:{'0' * 64}")
    here.commit(**{FILE: pipeline("", extends)})

    with pytest.raises(IntegrityError, match="is not what was pinned"):
        here.policy()


def test_a_pinned_policy_extends_only_what_is_pinned(here: Clone) -> None:
    org = Clone(here.folder.with_name("org"))
    lower = pin(org, shared(ORG))
    pinned = Clone(here.folder.with_name("pinned"))
    loose = Clone(here.folder.with_name("loose"))

    here.commit(**{FILE: pipeline("", pin(pinned, lower + shared(ORG)))})
    assert len(here.policy().layers) == 3

    here.commit(**{FILE: pipeline("", pin(loose, f"extends: x.yaml\n{shared(ORG)}"))})
    with pytest.raises(UsageError, match="by its path alone"):
        here.policy()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"x": "x"}, "there is no pipeline file sluicegate.yaml at refs/heads/main"),
        (
            {FILE: pipeline().replace("production", "prod")},
            "sluicegate.yaml at refs/heads/main has no environment 'production'",
        ),
        (
            {FILE: pipeline("", "extends: org.yaml\n")},
            "extends org.yaml, and there is no such file at refs/heads/main",
        ),
        ({FILE: pipeline("", "extends: ../org.yaml\n")}, "outside of the repository"),
        (
            {FILE: pipeline("", "extends: a.yaml\n"), "a.yaml": "extends: ./a.yaml\n"},
            "a.yaml at refs/heads/main extends what extends it in turn",
        ),
        ({FILE: pipeline("", f"extends: {FILE}\n")}, "extends what extends it in turn"),
        (
            {FILE: pipeline("", "extends: 0.yaml\n")}
            | {f"{n}.yaml": f"extends: {n + 1}.yaml\n" for n in range(9)},
            "extends too much: policies may be 5 deep",
        ),
    ],
)
def test_what_is_not_there_to_be_read_stops_everything(
    here: Clone, files: dict[str, str], expected: str
) -> None:
    here.commit(**files)

    with pytest.raises(UsageError, match=expected):
        here.policy()


def test_a_file_that_is_a_link_is_no_policy(here: Clone) -> None:
    (here.folder / "org.yaml").symlink_to("/etc/passwd")
    here.commit(**{FILE: pipeline("", "extends: org.yaml\n")})

    with pytest.raises(UsageError, match="is not a file"):
        here.policy()


def test_problems_name_the_file_the_branch_and_the_line(here: Clone) -> None:
    here.commit(
        **{
            FILE: pipeline("", "extends: org.yaml\n"),
            "org.yaml": shared("gate: [lint.findings == 0]"),
        }
    )

    with pytest.raises(
        UsageError, match=r"org.yaml at refs/heads/main:7: environ"
    ) as it:
        here.policy()

    assert "give the pipeline a stage of that name" in str(it.value.hint)


def test_without_a_repository_there_are_no_rules(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    source = PolicySource(Project(Machine(), tmp_path / "bare" / FILE))

    with pytest.raises(UsageError, match="is not in a Git repository"):
        source.policy("production")


SECRETS = """\
secrets:
  providers: {here: {uses: environment}}
  use: {KEY: {from: here, path: KEY, stages: [scan]}}
"""


def test_secrets_are_those_of_the_protected_branch(tmp_path: Path) -> None:
    repository = Clone(tmp_path / "r")
    repository.commit(**{FILE: pipeline() + SECRETS})
    repository.git("switch", "-q", "-c", "feature")
    repository.commit(**{FILE: pipeline() + SECRETS.replace("KEY:", "OTHER:")})

    found = repository.source().secrets()

    assert found is not None
    assert list(found.secrets.use) == ["KEY"]


def test_a_protected_branch_without_the_file_gives_no_secret(tmp_path: Path) -> None:
    repository = Clone(tmp_path / "r")
    repository.commit(other="x")
    repository.git("switch", "-q", "-c", "feature")
    repository.commit(**{FILE: pipeline() + SECRETS})

    found = repository.source().secrets()

    assert found is not None
    assert not found.secrets.use


def test_secrets_are_unknown_without_a_protected_branch(tmp_path: Path) -> None:
    repository = Clone(tmp_path / "r")
    repository.commit(**{FILE: pipeline() + SECRETS})
    repository.git("branch", "-q", "-m", "main", "feature")

    assert repository.source().secrets() is None


def test_secrets_of_a_broken_file_cannot_be_told(tmp_path: Path) -> None:
    repository = Clone(tmp_path / "r")
    repository.commit(**{FILE: pipeline() + SECRETS.replace("here, path", "no, path")})

    with pytest.raises(UsageError):
        repository.source().secrets()
