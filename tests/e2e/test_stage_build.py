"""The build stage with a real engine, on small Dockerfiles."""

import json
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from private_servers import PACKAGE, REGISTRY, Login, private_index, private_registry
from stage_harness import COMMIT, make_context, run_stage

from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.adapters.tools import Tools
from sluicegate.adapters.workspace import LocalWorkspace
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest
from sluicegate.model.tool import DOCKER_CLASSIC
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.stage import Report, StageContext

pytestmark = pytest.mark.docker

BASE = os.environ.get("SLUICE_TEST_BASE", "sluicegate-base:test")
SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt"
IMAGE = "sluicegate-test/stage-build"


def docker(*arguments: str) -> str:
    program = Tools(Path.cwd(), Path.cwd(), _runner(), os.environ).find("docker").argv
    done = subprocess.run(
        [*program, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "project"
    folder.mkdir()
    yield folder
    listed = docker("image", "ls", "--quiet", "--no-trunc", IMAGE).split()
    if listed:
        docker("image", "rm", "--force", *set(listed))


def _runner(environ: Mapping[str, str] = os.environ) -> SubprocessRunner:
    return SubprocessRunner(StopRequest(), environ)


def make_stage(**settings: object) -> DockerBuildStage:
    return DockerBuildStage.model_validate(
        {"uses": "docker-build", "image": IMAGE, **settings}
    )


def context_of(
    project: Path,
    stage: DockerBuildStage,
    *,
    ca_bundle: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> StageContext:
    output = Path(tempfile.mkdtemp(dir=project.parent))
    tools = Tools(project, project.parent / "cache", _runner(environ), environ)
    context = make_context(
        str(project),
        str(output),
        tools={"docker": tools.find("docker")},
        ca_bundle=ca_bundle,
        release="feature/x+1",
    )
    workspace = LocalWorkspace(project, output, "run", output)
    return replace(
        context,
        home=str(project.parent / "home"),
        commit_time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        files=workspace.sources(stage.reads()),
    )


def build(
    project: Path,
    dockerfile: str,
    *,
    ca_bundle: str | None = None,
    environ: Mapping[str, str] = os.environ,
    **settings: object,
) -> Report:
    (project / "Dockerfile").write_text(dockerfile)
    stage = make_stage(**settings)
    context = context_of(project, stage, ca_bundle=ca_bundle, environ=environ)
    return run_stage(stage, context, _runner(environ))


def test_an_image_is_built_labelled_and_described(project: Path) -> None:
    report = build(project, f"FROM {BASE}\nENV API_KEY=hush\nRUN echo hello\n")

    assert report.fields["built"] is True
    assert report.fields["image"] == f"{IMAGE}:feature-x-1"
    image_id = Digest.parse(str(report.fields["image_id"]))
    assert report.fields["config_digest"] == str(image_id)
    assert report.subjects == ((IMAGE, image_id),)
    log, *descriptions = report.files
    assert b"RUN echo hello" in log.data
    assert [file.name for file in descriptions] == [
        "image.json", "layers.json", "bases.json"
    ]  # fmt: skip
    assert not any(b"hush" in file.data for file in descriptions)
    assert COMMIT.encode() in descriptions[0].data
    assert report.fields["builder"] == "buildkit"
    assert report.fields["base_image"] == BASE
    assert report.fields["base_id"] == docker("image", "inspect", "-f", "{{.Id}}", BASE)


def test_the_same_commit_builds_the_same_image(project: Path) -> None:
    dockerfile = f"FROM {BASE}\nRUN echo hello\n"

    first = build(project, dockerfile)
    second = build(project, dockerfile)

    assert first.fields["image_id"] == second.fields["image_id"]


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [
        (f"FROM {BASE}\nRUN echo 'dial tcp: i/o timeout' && exit 3\n", "exit code: 3"),
        (f"FRM {BASE}\n", "FRM"),
        (f"FROM {BASE}\nCOPY nowhere.txt /\n", "nowhere.txt"),
    ],
    ids=["command fails", "not a Dockerfile", "file missing"],
)
def test_a_dockerfile_that_cannot_be_built_is_a_no(
    project: Path, dockerfile: str, words: str
) -> None:
    report = build(project, dockerfile)

    assert report.fields["built"] is False
    assert "image_id" not in report.fields
    assert words in report.summary


def test_the_host_s_ca_bundle_is_a_secret_that_does_not_stay(
    project: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca bundle.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----\n")

    report = build(
        project,
        f"FROM {BASE}\n"
        "RUN --mount=type=secret,id=sluicegate-ca grep -q CERT"
        " /run/secrets/sluicegate-ca\n"
        "RUN test ! -s /run/secrets/sluicegate-ca\n",
        ca_bundle=str(bundle),
    )

    assert report.fields["built"] is True


def test_pip_in_a_build_trusts_the_host_s_certificates(project: Path) -> None:
    """The very lines that docs/build.md recommends."""
    guide = Path(__file__).parents[2] / "docs" / "build.md"
    recommended = guide.read_text().partition("```dockerfile\n")[2].partition("```")[0]
    (project / "requirements.txt").write_text("iniconfig==2.0.0\n")

    report = build(
        project,
        f"FROM {BASE}\nRUN python3 -m venv /venv\nENV PATH=/venv/bin:$PATH\n"
        f"COPY requirements.txt .\n{recommended}",
        ca_bundle=os.environ.get("SSL_CERT_FILE", SYSTEM_CA),
        network="host",
    )

    assert report.fields["built"] is True, report.summary


def test_a_context_is_a_folder_and_never_an_address(project: Path) -> None:
    report = build(project, f"FROM {BASE}\n", context="github.com/docker/docker")

    assert report.fields["built"] is False


def test_an_engine_that_is_not_there_breaks_the_stage(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    runner = SubprocessRunner(StopRequest(), dict(os.environ))
    tools = Tools(project, project.parent, runner, dict(os.environ))

    with pytest.raises(PermanentError, match="does not answer") as caught:
        tools.find("docker")

    assert caught.value.hint is not None
    monkeypatch.undo()


def test_target_and_arguments_decide_what_is_built(project: Path) -> None:
    report = build(
        project,
        "ARG BASE\nFROM $BASE AS small\nARG WORD\nRUN echo $WORD > /word\n"
        "FROM small\nRUN exit 1\n",
        target="small",
        args={"BASE": BASE, "WORD": "a b"},
    )

    assert report.fields["built"] is True, report.summary
    assert report.fields["base_image"] == BASE
    made = docker("run", "--rm", str(report.fields["image_id"]), "cat", "/word")
    assert made == "a b"


def test_a_dockerfile_can_use_the_commit_s_time(project: Path) -> None:
    report = build(
        project,
        f"FROM {BASE}\nARG SOURCE_DATE_EPOCH\nRUN echo $SOURCE_DATE_EPOCH > /when\n",
    )

    made = docker("run", "--rm", str(report.fields["image_id"]), "cat", "/when")
    assert made == str(int(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()))


SECRETS = f"""\
FROM {BASE}
RUN --mount=type=secret,id=token --mount=type=secret,id=conf,target=/etc/conf \\
    test "$(cat /run/secrets/token)" = one && test "$(cat /etc/conf)" = two
RUN test ! -s /run/secrets/token && test ! -s /etc/conf
"""


@pytest.mark.parametrize("file", ["~/a, b.conf", "hidden/conf"])
def test_secrets_come_from_variables_and_files_and_do_not_stay(
    project: Path, file: str
) -> None:
    place = project.parent / "home" / file[2:] if file[0] == "~" else project / file
    place.parent.mkdir()
    place.write_text("two")

    report = build(
        project,
        SECRETS,
        environ={**os.environ, "TOKEN": "one"},
        secrets={"token": {"env": "TOKEN"}, "conf": {"file": file}},
    )

    assert report.fields["built"] is True, report.summary


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"env": "NOT_SET"}, "the environment variable NOT_SET is not set"),
        ({"env": "EMPTY"}, "the environment variable EMPTY is not set"),
        ({"file": "~/none"}, "there is no file .*/home/none that this user may read"),
    ],
)
def test_a_missing_secret_breaks_the_stage_before_anything_is_built(
    project: Path, source: dict[str, str], message: str
) -> None:
    with pytest.raises(PermanentError, match=message) as caught:
        build(
            project,
            f"FROM {BASE}\n",
            environ={**os.environ, "EMPTY": ""},
            secrets={"token": source},
        )

    assert caught.value.hint is not None
    assert not docker("image", "ls", "--quiet", IMAGE)


@pytest.mark.skipif(shutil.which(REGISTRY) is None, reason="needs docker-registry")
def test_a_private_base_image_needs_nothing_but_the_cli_s_own_login(
    project: Path, tmp_path: Path
) -> None:
    login = Login("builder", "open-sesame-1")
    config = tmp_path / "docker"
    config.mkdir()
    with private_registry(tmp_path / "registry", login) as address:
        base = f"{address}/private/base:1"
        auth = {"auths": {address: {"auth": login.basic}}}
        (config / "config.json").write_text(json.dumps(auth))
        docker("tag", BASE, base)
        try:
            docker("--config", str(config), "push", "--quiet", base)
        finally:
            docker("image", "rm", base)
        dockerfile = f"FROM {base}\nRUN echo {address}\n"

        with pytest.raises(PermanentError) as caught:
            build(project, dockerfile, environ={**os.environ, "DOCKER_CONFIG": "/none"})
        built = build(
            project, dockerfile, environ={**os.environ, "DOCKER_CONFIG": str(config)}
        )

    assert caught.value.hint is not None
    assert f"log in to the registry of {base}" in caught.value.hint
    assert built.fields["built"] is True
    assert built.fields["base_image"] == base
    assert str(built.fields["base_digest"]).startswith("sha256:")


def test_a_private_package_index_is_reached_by_a_secret(project: Path) -> None:
    login = Login("reader", "open-sesame-2")
    home = project.parent / "home"
    home.mkdir()
    with private_index(login) as address:
        url = f"http://{login.user}:{login.password}@{address}/simple"
        (home / "pip.conf").write_text(f"[global]\nindex-url = {url}\n")
        report = build(
            project,
            f"FROM {BASE}\nRUN python3 -m venv /venv\n"
            "RUN --mount=type=secret,id=pip,target=/etc/pip.conf"
            f" /venv/bin/pip install --no-cache-dir {PACKAGE}\n",
            secrets={"pip": {"file": "~/pip.conf"}},
            network="host",
        )

    assert report.fields["built"] is True, report.summary
    image = str(report.fields["image_id"])
    said = docker("run", "--rm", image, "/venv/bin/pip", "freeze")
    assert f"{PACKAGE}==1.0" in said


def classic_client() -> Path | None:
    """A client on PATH that has no BuildKit."""
    for folder in os.environ["PATH"].split(os.pathsep):
        path = Path(folder) / "docker"
        if path.is_file():
            tools = Tools(Path.cwd(), Path.cwd(), _runner(), {"PATH": folder})
            if tools.find("docker").name == DOCKER_CLASSIC:
                return path
    return None


def without_buildkit(tmp_path: Path) -> dict[str, str]:
    """An environment whose only client has no BuildKit, made of any that has."""
    folder = tmp_path / "classic"
    folder.mkdir()
    found = classic_client()
    if found is not None:
        (folder / "docker").symlink_to(found)
    else:  # a client since 23 whose plugin is missing behaves like this one
        real = docker_path()
        (folder / "docker").write_text(
            "#!/bin/sh\n"
            'case "$1" in\n'
            '  --version) echo "Docker version 28.0.0, build 0" ;;\n'
            "  buildx) exit 1 ;;\n"
            f'  *) exec {real} "$@" ;;\n'
            "esac\n"
        )
        (folder / "docker").chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:/bin-of-nobody"}


def docker_path() -> str:
    return Tools(Path.cwd(), Path.cwd(), _runner(), os.environ).find("docker").argv[0]


def test_without_buildkit_the_classic_builder_builds_and_says_so(
    project: Path, tmp_path: Path
) -> None:
    environ = without_buildkit(tmp_path)

    report = build(
        project,
        f"FROM {BASE} AS small\nARG WORD\nRUN echo $WORD\nFROM small\nRUN exit 1\n",
        environ=environ,
        target="small",
        args={"WORD": "hello"},
    )

    assert report.fields["built"] is True, report.summary
    assert report.fields["builder"] == "classic"
    assert "classic builder" in report.summary
    assert report.fields["config_digest"] == report.fields["image_id"]
    assert b"---> Running in" in report.files[0].data


def test_the_classic_builder_s_no_is_a_no_and_leaves_no_container(
    project: Path, tmp_path: Path
) -> None:
    mark = uuid.uuid4().hex

    report = build(
        project,
        f"FROM {BASE}\nRUN echo {mark} && exit 3\n",
        environ=without_buildkit(tmp_path),
    )

    assert report.fields["built"] is False
    assert "non-zero code: 3" in report.summary
    assert mark in report.summary
    assert mark not in docker("ps", "--all", "--no-trunc", "--format={{.Command}}")


def test_the_classic_builder_is_not_given_what_it_cannot_build(
    project: Path, tmp_path: Path
) -> None:
    with pytest.raises(PermanentError, match=r"needs BuildKit \(RUN --mount.*buildx"):
        build(
            project,
            f"FROM {BASE}\nRUN --mount=type=cache,target=/c true\n",
            environ=without_buildkit(tmp_path),
        )


def ask(stage: DockerBuildStage, context: StageContext) -> list[bytes]:
    runner = _runner()
    return [
        runner.run(probe, lambda _line: None).stdout for probe in stage.probes(context)
    ]


def test_a_base_image_that_moved_is_noticed(project: Path) -> None:
    moving = f"{IMAGE}:moving"
    docker("tag", BASE, moving)
    (project / "Dockerfile").write_text(f"FROM {moving}\n")
    stage = make_stage()
    context = context_of(project, stage)

    first, again = ask(stage, context), ask(stage, context)
    other = build(project, f"FROM {BASE}\nRUN echo other\n")
    docker("tag", str(other.fields["image_id"]), moving)

    assert first == again != ask(stage, context)


def test_a_base_image_of_which_nothing_is_known_is_never_the_same(
    project: Path,
) -> None:
    (project / "Dockerfile").write_text("FROM registry.invalid/nothing:1\n")
    stage = make_stage()
    context = context_of(project, stage)

    assert ask(stage, context) != ask(stage, context)


def test_an_image_is_confirmed_while_it_is_there_under_its_name(project: Path) -> None:
    report = build(project, f"FROM {BASE}\nRUN echo confirm\n")
    stage = make_stage()
    (confirm,) = stage.confirm(context_of(project, stage), report.subjects)
    name = str(report.fields["image"])

    def confirmed() -> bool:
        return _runner().run(confirm, lambda _line: None).exit_code == 0

    assert confirmed()
    docker("tag", BASE, name)
    assert not confirmed()
    docker("image", "rm", name)
    assert not confirmed()
