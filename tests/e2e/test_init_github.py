"""What `sluice init --github` writes, and that the linters of workflows accept it."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from cli_project import CliProject
from repositories import monorepo, uv_project

ROOT = Path(__file__).parents[2]

# A gap of the linter's: `$/` is the Action in the root of the workflow's repository,
# and astral-sh/setup-uv uses it.
ROOT_ACTION = r'specifying action "\$/" in invalid format because path is missing'

PIPELINE = """\
schema: sluicegate/v1
name: churn-model_release_v1.0
people: {ann: [ann@acme.org, "github:ann"], bob: [bob@acme.org]}
stages:
  test:    {uses: pytest}
  build:   {uses: docker-build, image: IMAGE}
  scan:    {uses: trivy}
  publish: {uses: publish}
  staging: {uses: canary, environment: staging}
  canary:  {uses: canary, environment: production}
environments:
  staging:
    target: {uses: docker, port: 8000, host: "ssh://deploy@serve.acme.org"}
  production:
    target: {uses: docker, port: 8000}
    approvals: {count: 1, from: [ann]}
audit: {store: "git:"}
"""


CLUSTER = """\
  production:
    target:
      uses: kubernetes
      cluster: {context: production}
      namespace: shop
      route: churn-model
      stable: churn-model-stable
      canary: churn-model-canary
      port: 80
      counts: {uses: envoy-gateway, url: "https://prometheus.acme.org"}
"""


def project(root: Path, files: Mapping[str, str]) -> CliProject:
    made = CliProject.make(root, files)
    made.git("remote", "add", "origin", "https://github.com/acme/churn-model.git")
    made.git("update-ref", "refs/remotes/origin/main", "HEAD")
    return made


def released(image: str = "ghcr.io/acme/churn-model") -> dict[str, str]:
    return {**uv_project(), "sluicegate.yaml": PIPELINE.replace("IMAGE", image)}


def clustered() -> dict[str, str]:
    docker = "  production:\n    target: {uses: docker, port: 8000}\n"
    assert docker in PIPELINE
    text = released()["sluicegate.yaml"].replace(docker, CLUSTER)
    return {**released(), "sluicegate.yaml": text}


def released_services() -> dict[str, str]:
    services = {
        f"services/{name}/sluicegate.yaml": PIPELINE.replace(
            "IMAGE", f"registry.acme.org/{name}"
        ).replace('"git:"', f'"git:refs/heads/sluicegate-audit-{name}"')
        for name in ("api", "worker")
    }
    return {**monorepo(), **services}


METERED = """\
  canary:
    uses: canary
    environment: production
    metrics: {lag: {kind: gauge, slack: 1, from: {uses: command, run: ./count}}}
"""


def secretive(stage: str) -> dict[str, str]:
    """A pipeline whose *stage* gets secrets of several providers."""
    keeps = f"""
secrets:
  providers:
    aws:
      uses: aws-secrets-manager
      region: eu-central-1
      role: arn:aws:iam::123456789012:role/sluice
    bao:
      uses: openbao
      address: https://bao.acme.example
      auth: {{method: jwt, role: churn}}
    hub: {{uses: github}}
  use:
    DB_URL: {{from: aws, path: churn/db, field: url, stages: [{stage}]}}
    DB_CA: {{from: bao, path: churn/ca, field: pem, stages: [{stage}]}}
    DB_KEY: {{from: hub, path: DB_KEY, stages: [{stage}]}}
"""
    text = released()["sluicegate.yaml"].replace(
        "  canary:  {uses: canary, environment: production}\n", METERED
    )
    text = text.replace("stages:\n", "stages:\n  lint:    {uses: ruff}\n", 1)
    return {**released(), "sluicegate.yaml": text + keeps}


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name} on PATH")
    return found


def check(*arguments: str, cwd: Path) -> None:
    done = subprocess.run(
        [tool(arguments[0]), *arguments[1:]],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{Path(tool('git')).parent}:{Path(tool('shellcheck')).parent}"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def lint(folder: Path) -> None:
    check("zizmor", "--offline", "--no-progress", "--quiet", ".", cwd=folder)
    tool("shellcheck")  # actionlint uses it if it is there
    check("actionlint", "-no-color", "-ignore", ROOT_ACTION, cwd=folder)


@pytest.mark.parametrize(
    ("mode", "files"),
    [
        ("step", uv_project()),
        ("full", released()),
        ("full", clustered()),
        ("monorepo", monorepo()),
        ("monorepo", released_services()),
        ("step", secretive("test")),
        ("full", secretive("canary")),
    ],
)
def test_what_it_writes_is_clean_and_is_written_once(
    tmp_path: Path, mode: str, files: Mapping[str, str]
) -> None:
    made = project(tmp_path, files)
    first = made.sluice("init", f"--github={mode}", check=0).stdout
    assert first.count("wrote ") >= 2
    lint(made.folder)
    made.commit({}, "set up")
    again = made.sluice("init", f"--github={mode}", check=0).stdout
    assert "wrote" not in again
    assert again.count("is as it should be already") >= 2
    assert made.git("status", "--porcelain") == ""


def test_names_come_from_the_repository_and_what_was_changed_is_left(
    tmp_path: Path,
) -> None:
    made = project(tmp_path, released())
    said = made.sluice("init", "--github=full", check=0).stdout
    assert "repos/acme/churn-model/environments/sluicegate" in said
    owners = (made.folder / ".github/CODEOWNERS").read_text()
    assert "/sluicegate.yaml @ann\n" in owners
    mine = made.folder / ".github/workflows/approve.yml"
    mine.write_text("name: mine\n")
    (made.folder / ".github/CODEOWNERS").unlink()
    (made.folder / ".github/CODEOWNERS").symlink_to("nowhere")
    said = made.sluice("init", "--github=full", "--force", "--yes", check=0).stdout
    assert "left .github/workflows/approve.yml as it is" in said
    assert "left .github/CODEOWNERS as it is" in said
    assert mine.read_text() == "name: mine\n"
    assert (made.folder / ".github/CODEOWNERS").is_symlink()
    assert not (made.folder / ".github/nowhere").exists()


def test_a_pipeline_that_is_not_written_down_yet_is_written_with_a_log_that_lasts(
    tmp_path: Path,
) -> None:
    made = project(tmp_path, uv_project())
    said = made.sluice("init", "--github=full", check=0).stdout
    assert "wrote sluicegate.yaml" in said
    pipeline = (made.folder / "sluicegate.yaml").read_text()
    assert 'audit: {store: "git:refs/heads/sluicegate-audit"}' in pipeline
    made.git("remote", "remove", "origin")
    made.commit({}, "begin")
    made.sluice("plan", check=0)


def test_from_a_folder_inside_it_is_the_repository_that_gets_them(
    tmp_path: Path,
) -> None:
    made = project(tmp_path, released_services())
    made.sluice("init", "services/api", "--github=full", check=0)
    release = (made.folder / ".github/workflows/release.yml").read_text()
    assert "config: services/api/sluicegate.yaml" in release
    assert not (made.folder / "services/api/.github").exists()


@pytest.mark.parametrize(
    ("mode", "files", "said"),
    [
        ("full", monorepo(), "--github=monorepo"),
        ("monorepo", uv_project(), "--github=full"),
        (
            "full",
            {"a b/sluicegate.yaml": released()["sluicegate.yaml"]},
            "cannot stand in",
        ),
        ("full", {"sluicegate.yaml": "stages: []"}, "sluicegate.yaml:1"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    tmp_path: Path, mode: str, files: Mapping[str, str], said: str
) -> None:
    made = project(tmp_path, files)
    done = made.sluice("init", f"--github={mode}", check=2)
    assert said in done.stderr
    assert made.git("status", "--porcelain") == ""


def test_without_a_repository_there_is_no_place_for_workflows(tmp_path: Path) -> None:
    made = CliProject(tmp_path / "here", tmp_path / "home")
    made.folder.mkdir()
    (made.folder / "a.py").write_text("")
    done = made.sluice("init", "--github", check=2)
    assert "in no Git repository" in done.stderr


def test_all_can_be_looked_at_before_any_is_written(tmp_path: Path) -> None:
    made = project(tmp_path, released())
    shown = made.sluice("init", "--github=full", "--print", check=0).stdout
    assert "# --- .github/workflows/approve.yml\n" in shown
    assert made.git("status", "--porcelain") == ""


def test_our_own_workflows_and_the_action_are_clean() -> None:
    lint(ROOT)


def test_our_shell_scripts_are_clean() -> None:
    scripts = [path for path in ROOT.glob("*/**/*.sh") if ".venv" not in path.parts]
    assert ROOT / "scripts/lib.sh" in scripts
    check("shellcheck", "--external-sources", *map(str, scripts), cwd=ROOT)


def test_jobs_may_log_in_only_where_their_stages_get_secrets(tmp_path: Path) -> None:
    made = project(tmp_path, secretive("test"))
    made.sluice("init", "--github", check=0)
    text = (made.folder / ".github/workflows/sluicegate.yml").read_text()
    gate, _, other = text.partition("  pull-request:")
    assert "id-token: write" in gate
    assert "extras: aws, vault" in gate
    assert "DB_KEY: ${{ secrets.DB_KEY }}" in gate
    assert other
    assert "id-token" not in other
    assert "DB_KEY" not in other


def test_jobs_that_run_the_code_of_stages_are_lent_no_secret(tmp_path: Path) -> None:
    made = project(tmp_path, secretive("test"))
    said = made.sluice("init", "--github=full", check=2).stderr
    assert "test get secrets, and these workflows run the code of stages" in said
    assert "one-step workflow" in said


def test_roles_are_for_the_environment_that_the_written_jobs_enter(
    tmp_path: Path,
) -> None:
    made = project(tmp_path, secretive("canary"))
    made.sluice("init", "--github=full", check=0)
    said = made.sluice("secrets", "check", "--policy", check=0).stdout
    assert ":environment:sluicegate" in said
    assert '"environment": "sluicegate"' in said
    shown = made.sluice("secrets", "doctor", "--github", "--offline", check=0).stdout
    assert "ok  job production: runs canary, and may ask for a token" in shown
    assert "pull requests" not in shown
