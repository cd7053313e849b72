"""The text of a pipeline file: it parses, as it is and uncommented."""

import re
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st
from trees import make_tree

from sluicegate.config.file import parse_pipeline
from sluicegate.detect.render import render
from sluicegate.detect.repository import detect
from sluicegate.detect.tree import Tree
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.docker_target import DockerTarget
from sluicegate.stages.pipeline import Pipeline

EVERYTHING = {
    "pyproject.toml": "[project]\nname = 'churn'\ndependencies = ['pytest']\n",
    "app/main.py": "@app.get('/health')\n",
    "tests/test_main.py": "",
    "model.pkl": "not a model",
    "Dockerfile": "FROM a\nCOPY app app\nEXPOSE 8000\n",
}
REMOTE = "git@github.com:acme/churn.git"


def text_of(tree: Tree) -> str:
    (service,) = detect(tree).services
    return render(service)


def parse(text: str) -> Pipeline:
    return parse_pipeline(text.encode(), "sluicegate.yaml")


def uncomment(text: str) -> str:
    """Take the mark of a comment off every line that holds settings."""
    settings = re.compile(r"^( *)# ( *(?:(?!yaml)[\w-]+:( .*)?))$")
    lines = []
    for line in text.splitlines():
        found = settings.match(line)
        is_setting = found is not None and not line.endswith(
            ("this:", "adapt:", "below:")
        )
        lines.append(f"{found[1]}{found[2]}" if found and is_setting else line)
    return "\n".join(lines) + "\n"


def stages(pipeline: Pipeline) -> list[str]:
    return [named.name for named in pipeline.stages]


def test_everything_that_is_there_gets_its_stage() -> None:
    pipeline = parse(text_of(make_tree(EVERYTHING, remote=REMOTE)))
    build = pipeline.stage("build").stage

    assert pipeline.name == "churn_release_v1.0"
    assert stages(pipeline) == ["lint", "test", "build", "scan"]
    assert isinstance(build, DockerBuildStage)
    assert build.image == "ghcr.io/acme/churn"


def test_what_stands_in_comments_works_when_it_is_uncommented() -> None:
    pipeline = parse(uncomment(text_of(make_tree(EVERYTHING, remote=REMOTE))))
    canary = pipeline.stage("canary").stage
    target = pipeline.environments["production"].target

    assert stages(pipeline) == [
        *("lint", "test", "evaluate", "compare", "slices", "modelscan", "docs"),
        *("build", "smoke", "scan", "publish", "canary"),
    ]  # fmt: skip
    assert isinstance(canary, CanaryStage)
    assert isinstance(target, DockerTarget)
    assert (target.port, target.health) == (8000, "/health")
    assert pipeline.secrets.use["HF_TOKEN"].stages == ("test",)


def test_how_a_secret_is_named_is_shown_for_a_stage_that_is_there() -> None:
    pipeline = parse(uncomment(text_of(make_tree({"README.md": ""}))))

    assert pipeline.secrets.use["HF_TOKEN"].stages == ("scan",)


def test_a_cluster_is_pointed_out_beside_the_docker_target() -> None:
    text = text_of(make_tree(EVERYTHING, remote=REMOTE))
    assert "docs/kubernetes.md" in text
    assert text.index("docs/kubernetes.md") < text.index("# environments:")


def test_what_is_not_there_is_said_to_be_left_out() -> None:
    text = text_of(make_tree({"README.md": ""}))

    assert stages(parse(text)) == ["scan"]
    for words in (
        "No stage lint: no Python",
        "No stage test: no tests: nothing is tested",
        "No stage build: no Dockerfile",
    ):
        assert words in text


def test_the_first_line_names_the_schema() -> None:
    text = text_of(make_tree(EVERYTHING))

    assert text.splitlines()[0] == (
        "# yaml-language-server: $schema=.sluicegate/schema.json"
    )


def test_what_git_ignores_changes_no_digest() -> None:
    """A run without a file can be resumed: comments are all that may differ."""
    before = parse(text_of(make_tree(EVERYTHING)))
    after = parse(text_of(make_tree({**EVERYTHING, "model2.pkl": "", "b.py": ""})))

    assert before.definition == after.definition


def test_code_beside_a_service_counts_as_its_own() -> None:
    files = {
        "services/a/m.py": "",
        "services/a/Dockerfile": "FROM a\nCOPY services/a /a\nCOPY libs /libs\n",
        "services/b/m.py": "",
        "services/b/Dockerfile": "FROM a\n",
        "libs/x.py": "",
        "odd*/x.py": "",
    }
    services = detect(make_tree(files)).services

    paths = [parse(render(service)).paths for service in services]

    assert paths == [("../../libs",), ("../../libs",)]


def test_the_lines_of_a_note_stay_together() -> None:
    (service,) = detect(make_tree(EVERYTHING)).services

    text = render(service)

    assert "\n# - 1 model file" in text
    assert "\n#   it, or use safetensors" in text


# Names and words as detection meets them, mixed with what could break a file.
ODD = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1
).filter(lambda name: name not in {".", ".."})
NAMES = st.sampled_from(
    [
        *(
            "Dockerfile",
            "Dockerfile.gpu",
            "api.dockerfile",
            "pyproject.toml",
            "uv.lock",
        ),
        *("requirements.txt", "setup.py", "pytest.ini", "a.py", "test_a.py", "m.pkl"),
        *("model.json", "n.ipynb", "m.onnx", "preds.jsonl", "champion.csv"),
    ]
)
FOLDERS = st.lists(
    st.one_of(st.sampled_from(["a", "b", "tests", "libs"]), ODD), max_size=3
)
PATHS = st.builds(
    lambda folders, name: str(PurePosixPath(*folders, name)),
    FOLDERS,
    st.one_of(NAMES, ODD, st.builds("Dockerfile.{}".format, ODD)),
)
LINES = st.one_of(
    st.sampled_from(
        [
            *("FROM base", "EXPOSE 8000", "ENV PORT=80", "CMD uvicorn a:b --port 99"),
            *("COPY libs .", "HEALTHCHECK CMD curl http://localhost:80/h", "[project]"),
            *("name = 'x'", "[pytest]", "python_files = *.py", "'/health'"),
            *('{"id": "a", "y": 1, "yhat": 1}', "id,y,yhat", "a,1,1"),
        ]
    ),
    st.text(st.characters(codec="utf-8")),
)
TEXTS = st.lists(LINES, max_size=5).map("\n".join)


@given(
    files=st.dictionaries(PATHS, TEXTS, min_size=1, max_size=8),
    name=ODD,
    remote=st.one_of(st.just(REMOTE), st.text()),
)
def test_a_file_is_never_written_that_does_not_parse(
    files: dict[str, str], name: str, remote: str
) -> None:
    for service in detect(make_tree(files, name=name, remote=remote)).services:
        text = render(service)
        assert parse(text).name == service.name
        assert all(sign.isprintable() for sign in text.replace("\n", ""))
