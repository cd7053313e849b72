"""A version of a pipeline means one thing on the release branch, for ever."""

import shutil
from pathlib import Path

import pytest
from cli_project import CliProject

PIPELINE = """\
# what a release has to pass
schema: sluicegate/v1
name: churn_check_v1.0   # never changes
stages:
  one: {uses: command, run: "true"}
  two: {uses: command, run: "true"}
"""
GATED = PIPELINE.replace('"true"}', '"true", gate: ["one.exit_code <= 0"]}', 1)
LONGER = f'{PIPELINE}  three: {{uses: command, run: "true"}}\n'
FILES = {"sluicegate.yaml": PIPELINE, ".gitignore": ".sluicegate/\n"}


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    """A project whose first version has run on main."""
    made = CliProject.make(tmp_path, FILES)
    made.sluice("run", check=0)
    return made


@pytest.mark.parametrize(
    ("changed", "bump", "name", "said"),
    [
        (GATED, "minor", "churn_check_v1.1", "gate of stage one is new"),
        (LONGER, "major", "churn_check_v2.0", "stage three is new"),
    ],
)
def test_a_changed_definition_is_refused_with_the_bump_it_needs(
    project: CliProject, changed: str, bump: str, name: str, said: str
) -> None:
    project.commit({"sluicegate.yaml": changed}, "change")
    entries = len(project.entries())

    refused = project.sluice("run", check=2)

    assert said in refused.stderr
    assert f"`sluice version bump --{bump}` makes it {name}" in refused.stderr
    assert refused.stdout == ""
    assert len(project.entries()) == entries
    document = project.document("version", "bump", check=0)
    assert (document["bump"], document["to"]) == (bump, name)
    text = (project.folder / "sluicegate.yaml").read_text()
    assert text == changed.replace("churn_check_v1.0", name)
    project.commit({}, "bump")
    assert project.document("run", check=0)["pipeline"] == name


@pytest.mark.parametrize(
    "changed",
    [
        f"{PIPELINE}audit: {{retention: 500d}}\n",
        f"{PIPELINE}budgets: {{runs: {{day: 9}}}}\n",
        PIPELINE.replace("# what", "# all that"),
    ],
)
def test_what_is_not_about_stages_needs_no_version(
    project: CliProject, changed: str
) -> None:
    project.commit({"sluicegate.yaml": changed}, "change")

    project.sluice("run", check=0)

    assert "nothing has changed" in project.sluice("version", "bump", check=2).stderr


def test_other_branches_and_dirty_trees_try_out_what_they_like(
    project: CliProject,
) -> None:
    (project.folder / "sluicegate.yaml").write_text(GATED)
    project.sluice("run", "--allow-dirty", check=0)
    project.git("checkout", "-q", "-b", "topic")
    project.commit({}, "change")
    project.sluice("run", check=0)

    planned = project.document("plan", check=0)

    assert planned["version"]["needs"] == "minor"
    assert "sluice version bump --minor" in project.sluice("plan", check=0).stdout
    project.git("checkout", "-q", "main")
    project.git("merge", "-q", "topic")
    project.sluice("run", check=2)


def test_a_plan_of_an_unchanged_definition_asks_for_no_version(
    project: CliProject,
) -> None:
    assert project.document("plan", check=0)["version"] is None


def test_where_the_first_commit_is_gone_both_bumps_are_named(
    project: CliProject, tmp_path: Path
) -> None:
    project.commit({"sluicegate.yaml": GATED}, "change")
    shallow = tmp_path / "shallow"
    project.git("clone", "-q", "--depth=1", f"file://{project.folder}", str(shallow))
    log = project.folder / ".sluicegate"
    shutil.copytree(log, shallow / ".sluicegate")
    clone = CliProject(shallow, project.home)

    refused = clone.sluice("run", check=2)

    assert "bump --minor` if only parameters" in refused.stderr
    assert "bump --major` if stages" in refused.stderr
    assert "nobody can tell" in clone.sluice("version", "bump", check=2).stderr
    clone.sluice("version", "bump", "--major", check=0)
    assert "name: churn_check_v2.0 " in (shallow / "sluicegate.yaml").read_text()


def test_too_small_a_bump_is_refused_and_a_needless_one_can_be_asked_for(
    project: CliProject,
) -> None:
    file = project.folder / "sluicegate.yaml"
    file.write_text(LONGER)

    assert "--major" in project.sluice("version", "bump", "--minor", check=2).stderr
    assert file.read_text() == LONGER

    file.write_text(PIPELINE)
    project.sluice("version", "bump", check=2)
    project.sluice("version", "bump", "--minor", check=0)
    assert file.read_text() == PIPELINE.replace("_v1.0", "_v1.1")
    assert "has not run" in changed_again(project)


def changed_again(project: CliProject) -> str:
    """What a second bump says, of a version that has not run yet."""
    file = project.folder / "sluicegate.yaml"
    file.write_text(file.read_text().replace('"true"}', '"echo"}', 1))
    return project.sluice("version", "bump", check=2).stderr


def test_a_version_that_was_taken_since_is_passed_over(project: CliProject) -> None:
    project.commit({"sluicegate.yaml": GATED.replace("_v1.0", "_v1.1")}, "v1.1")
    project.sluice("run", check=0)
    other = PIPELINE.replace('run: "true"}', 'run: "echo"}', 1)
    project.commit({"sluicegate.yaml": other}, "back to v1.0, and changed")

    assert "makes it churn_check_v1.2" in project.sluice("run", check=2).stderr
    assert project.document("version", "bump", check=0)["to"] == "churn_check_v1.2"


def test_the_file_keeps_its_mode_and_a_link_stays_one(project: CliProject) -> None:
    real = project.folder / "pipelines/real.yaml"
    real.parent.mkdir()
    (project.folder / "sluicegate.yaml").rename(real)
    real.write_text(GATED)
    real.chmod(0o640)
    link = project.folder / "sluicegate.yaml"
    link.symlink_to("pipelines/real.yaml")

    project.sluice("version", "bump", "--minor", check=0)

    assert str(link.readlink()) == "pipelines/real.yaml"
    assert real.read_text() == GATED.replace("_v1.0", "_v1.1")
    assert real.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in real.parent.iterdir()] == ["real.yaml"]


def test_what_was_found_without_a_file_has_no_version(tmp_path: Path) -> None:
    files = {"app.py": "X = 1\n", ".gitignore": ".sluicegate/\n"}
    project = CliProject.make(tmp_path, files)

    planned = project.document("plan", check=0)

    assert planned["pipeline"].endswith("_v0.0")
    assert planned["version"] is None
