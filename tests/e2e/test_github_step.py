"""`sluice github step`: what comes of it for the runner, whatever goes on in it."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from actions_runner import Files, Obeyed, event_file, obey
from cli_project import CliProject, clean_environment

ROOT = Path(__file__).parents[2]
HARMLESS = {"group", "endgroup", "error", "warning", "notice"}
PIPELINE = """\
schema: sluicegate/v1
name: churn_check_v1.0
stages:
  check: {uses: command, run: [sh, check.sh]}
"""
SAYS_YES = {"sluicegate.yaml": PIPELINE, "check.sh": "echo looking\n"}


@dataclass
class Done:
    """A step that has ended."""

    code: int
    text: str
    files: Files

    @property
    def obeyed(self) -> list[Obeyed]:
        return obey(self.text)

    @property
    def word(self) -> tuple[str, str, str]:
        found = self.files.outputs
        return found["verdict"], found["decision"], found["reason-code"]


@dataclass
class Workflow:
    """A repository on a runner, which starts the Action's program in its workspace."""

    project: CliProject
    temp: Path

    def step(self, event: str = "push", title: str = "x", **variables: str) -> Done:
        commit = self.project.git("rev-parse", "HEAD")
        branch = self.project.git("rev-parse", "--abbrev-ref", "HEAD")
        self.temp.mkdir(exist_ok=True)
        files = Files.make(self.temp / "_runner_file_commands")
        environ = clean_environment(
            self.project.home,
            CI="true",
            GITHUB_ACTIONS="true",
            GITHUB_EVENT_NAME=event,
            GITHUB_EVENT_PATH=str(event_file(self.temp, event, commit, title)),
            GITHUB_REPOSITORY="acme/churn",
            GITHUB_RUN_ID="42",
            GITHUB_SHA=commit,
            GITHUB_REF=f"refs/heads/{branch}",
            GITHUB_HEAD_REF=branch,
            GITHUB_WORKSPACE=str(self.project.folder),
            RUNNER_TEMP=str(self.temp),
        )
        done = subprocess.run(
            [
                sys.executable,
                "-I",
                str(ROOT / "action" / "launch.py"),
                "github",
                "step",
            ],
            cwd=self.project.folder,
            env={**environ, **files.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, files)


def workflow(tmp_path: Path, files: dict[str, str]) -> Workflow:
    return Workflow(CliProject.make(tmp_path, files), tmp_path / "temp")


def test_without_a_key_it_is_judged_and_says_first_how_to_record(
    tmp_path: Path,
) -> None:
    work = workflow(tmp_path, SAYS_YES)
    tip = work.project.git("rev-parse", "HEAD")
    work.project.git("update-ref", "refs/remotes/origin/main", tip)
    work.project.git("update-ref", "refs/remotes/origin/master", tip)

    done = work.step()

    assert (done.code, done.word) == (0, ("open", "continue", "gates-open")), done.text
    named = work.project.git("symbolic-ref", "refs/remotes/origin/HEAD")
    assert named == "refs/remotes/origin/main"  # as the event says
    summary = done.files.read("STEP_SUMMARY")
    assert "NOT RECORDED" in summary.split("<h2>")[0]
    assert "sluice audit keys create" in summary.split("<h2>")[0]
    assert not list(work.project.home.rglob("keys"))
    assert not (work.project.folder / ".sluicegate" / "audit").exists()
    outputs = done.files.outputs
    assert '"verdict": "open"' in Path(outputs["report"]).read_text()
    assert len(outputs["run-id"]) == 26
    assert {each.name for each in done.obeyed} <= HARMLESS


def test_a_pull_request_is_not_recorded_whoever_has_a_key(tmp_path: Path) -> None:
    work = workflow(tmp_path, SAYS_YES)
    made = work.project.sluice("audit", "keys", "create", "--name", "acme/churn")
    assert made.returncode == 0, made.stderr
    (key,) = [path for path in (work.project.home).rglob("keys/*") if path.is_file()]
    line = key.read_text().strip().splitlines()[0]

    done = work.step("pull_request", SLUICE_LOG_KEY=line)

    assert done.word == ("open", "continue", "gates-open"), done.text
    assert "NOT RECORDED" not in done.files.read("STEP_SUMMARY")
    assert not (work.project.folder / ".sluicegate" / "audit").exists()
    assert "checkpoint" not in done.files.outputs
    assert line not in done.text


def test_a_mistake_in_the_pipeline_file_is_shown_where_it_is(tmp_path: Path) -> None:
    broken = PIPELINE.replace("uses: command", "uses: comand")
    work = workflow(tmp_path, {**SAYS_YES, "sluicegate.yaml": broken})

    done = work.step()

    assert (done.code, done.word) == (2, ("usage", "stop", "pipeline-file")), done.text
    (error,) = [each for each in done.obeyed if each.name == "error"]
    assert error.properties["file"] == "sluicegate.yaml"
    assert error.properties["line"] == "4"
    assert "comand" in error.value
    assert "Usage" in done.files.read("STEP_SUMMARY")


def test_what_cannot_begin_still_has_outputs_and_says_what_to_do(
    tmp_path: Path,
) -> None:
    work = workflow(tmp_path, SAYS_YES)

    done = work.step(SLUICE_INPUT_COMMAND="deploy\n::add-mask::x")

    assert (done.code, done.word) == (2, ("usage", "stop", "usage")), done.text
    assert "Usage" in done.files.read("STEP_SUMMARY")
    (error,) = done.obeyed
    assert "command cannot be" in error.value
    assert "run, stages, record" in error.value


# What anybody can write who may open a pull request or have a test run.
ATTACKS = (
    "::error file=a.py,line=1::you are broken",
    "::add-mask::main",
    "::set-output name=verdict::closed",
    "  ::stop-commands::mine",
    "##[add-path]/evil",
    "prefix ##[set-env name=LD_PRELOAD]/evil.so",
    "verdict<<EOF",
    "EOF",
    "verdict=closed",
    "$(touch pwned) `touch pwned` ; touch pwned",
    "${{ github.token }}",
    "</details><h1>approved</h1>",
)
HOSTILE = "\n".join(
    (
        *(f"printf '%s\\n' '{each}'" for each in ATTACKS),
        *(f"printf '%s\\n' '{each}' >&2" for each in ATTACKS),
        r"printf '::error::a\r::error::b\n'",
        'for file in "$RUNNER_TEMP"/_runner_file_commands/*; do',
        r"""  printf 'verdict=open\nLD_PRELOAD=/evil.so\n' >> "$file";""",
        "done",
        'own="SLUICE_|GITHUB_(TOKEN|ENV|OUTPUT|PATH|STATE|STEP)|ACTIONS_"',
        'echo "ENVIRON <$(env | grep -E "$own")>"',
        'parent=$(tr "\\0" "\\n" < /proc/$PPID/environ 2>/dev/null)',
        'echo "PARENT <$(echo "$parent" | grep -E "^SLUICE_.*(TOKEN|KEY)=.")>"',
        "exit 1",
    )
)
SECRET = "secret-token"  # noqa: S105 - of nothing


def test_what_programs_and_names_say_is_never_obeyed(tmp_path: Path) -> None:
    name = "src/a\n::error::b.py"
    work = workflow(
        tmp_path, {**SAYS_YES, "check.sh": f"{HOSTILE}\n", name: "import os\n"}
    )
    work.project.git("checkout", "-q", "-b", "$(touch${IFS}pwned);`touch${IFS}pwned`")
    work.project.commit({"more.txt": "x"}, "\n".join(ATTACKS))

    done = work.step(
        "pull_request",
        title="\n".join(ATTACKS),
        SLUICE_GITHUB_TOKEN=SECRET,
        GITHUB_TOKEN=SECRET,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN=SECRET,
        ACTIONS_RUNTIME_URL="https://runtime.example",
    )

    assert done.word == ("closed", "stop", "gate-closed"), done.text
    assert {each.name for each in done.obeyed} <= HARMLESS
    groups = [each.value for each in done.obeyed if each.name == "group"]
    assert groups == ["check"]
    errors = [each for each in done.obeyed if each.name == "error"]
    assert len(errors) == 1
    assert "you are broken" not in errors[0].value.partition(":")[0]
    for each in ("ENV", "PATH", "STATE"):
        assert done.files.read(each) == ""
    assert "something wrote to the file in GITHUB_ENV" in done.text
    assert not list(work.project.folder.rglob("pwned"))
    assert "<h1>" not in done.files.read("STEP_SUMMARY")
    assert SECRET not in done.text
    assert "ENVIRON <>" in done.text
    assert "PARENT <>" in done.text


def test_nothing_is_imported_from_the_workspace(tmp_path: Path) -> None:
    evil = "import pathlib, sys; pathlib.Path('pwned').touch(); sys.exit('pwned')\n"
    names = ("json", "sluicegate", "sitecustomize", "usercustomize", "conftest", "re")
    files = {f"{name}.py": evil for name in names}
    files["sluicegate/__init__.py"] = evil
    work = workflow(tmp_path, {**SAYS_YES, **files})
    here = str(work.project.folder)

    done = work.step(PYTHONPATH=here, PYTHONSTARTUP=f"{here}/json.py", PYTHONHOME="")

    assert (done.code, done.word[0]) == (0, "open"), done.text
    assert not (work.project.folder / "pwned").exists()


def test_outside_of_github_actions_it_says_what_it_is(tmp_path: Path) -> None:
    work = workflow(tmp_path, SAYS_YES)

    done = work.project.sluice("github", "step")

    assert done.returncode == 2
    assert "this is what the GitHub Action calls" in done.stderr


def test_a_request_to_stop_ends_with_outputs(tmp_path: Path) -> None:
    stops = {**SAYS_YES, "check.sh": "kill -INT $PPID; exec sleep 60\n"}
    work = workflow(tmp_path, stops)

    done = work.step()

    assert (done.code, done.word[0]) == (130, "interrupted"), done.text
    assert done.word[1:] == ("stop", "interrupted")
    assert "run this job again" in done.files.read("STEP_SUMMARY")


def test_an_audit_before_anything_was_recorded_says_what_begins_a_log(
    tmp_path: Path,
) -> None:
    pipeline = PIPELINE + 'audit: {store: "git:refs/heads/sluicegate-audit"}\n'
    work = workflow(tmp_path, {**SAYS_YES, "sluicegate.yaml": pipeline})
    made = work.project.sluice("audit", "keys", "create", "--secret", check=0)

    done = work.step(
        "schedule", SLUICE_INPUT_COMMAND="audit", SLUICE_LOG_KEY=made.stdout.strip()
    )

    assert done.word[0] == "tampered", done.text  # somebody may have taken it away
    summary = done.files.read("STEP_SUMMARY")
    assert "there is no log" in summary.split("</h2>")[0]
    assert "the first run that is recorded begins it" in summary
