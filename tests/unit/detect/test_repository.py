import pytest
from trees import make_tree

from sluicegate.detect.repository import Repository, detect
from sluicegate.detect.service import Image, Service

FROM = "FROM base\nEXPOSE 8000\n"
PROJECT = "[project]\nname = 'a'\n"


def find(files: dict[str, str]) -> Repository:
    return detect(make_tree(files))


def image_of(files: dict[str, str]) -> Image:
    (service,) = find(files).services
    assert service.image is not None
    return service.image


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        (["README.md"], ["."]),
        (["a.py"], ["."]),
        (["pyproject.toml", "src/a/b.py", "Dockerfile"], ["."]),
        (["pyproject.toml", "src/a.py", "docker/Dockerfile"], ["."]),
        (["requirements.txt", "app/main.py", "app/Dockerfile"], ["."]),
        (["app/main.py", "app/Dockerfile"], ["app"]),
        (["a/m.py", "a/Dockerfile", "b/m.py", "b/Dockerfile"], ["a", "b"]),
        (["pyproject.toml", "a/m.py", "a/Dockerfile", "b/m.py", "b/Dockerfile"],
         ["a", "b"]),
        (["Dockerfile", "a/m.py", "a/Dockerfile", "b/m.py", "b/Dockerfile"], ["."]),
        (["a/pyproject.toml", "a/m.py", "b/requirements.txt", "b/m.py"], ["a", "b"]),
        (["a/m.py", "a/Dockerfile", "b/m.py", "b/Dockerfile", "libs/c/pyproject.toml",
          "libs/c/d.py"], ["a", "b"]),
        (["a/m.py", "a/Dockerfile", "a/deploy/m.py", "a/deploy/Dockerfile", "b/m.py",
          "b/Dockerfile"], ["a", "b"]),
        (["m.py", "tests/e/Dockerfile", "tests/e/m.py", "examples/x/pyproject.toml"],
         ["."]),
    ],
)  # fmt: skip
def test_services_are_where_images_and_projects_are(
    files: list[str], folders: list[str]
) -> None:
    texts = dict.fromkeys(files, "")
    texts |= {path: PROJECT for path in files if path.endswith("pyproject.toml")}
    texts |= {path: FROM for path in files if path.endswith("Dockerfile")}

    assert [service.folder for service in find(texts).services] == folders


def test_services_are_named_after_their_folders() -> None:
    files = {
        **{f"{name}/m.py": "" for name in ("services/Api", "old/api", "x/My_Worker")},
        **{
            f"{name}/Dockerfile": FROM
            for name in ("services/Api", "old/api", "x/My_Worker")
        },
    }

    names = [service.name for service in find(files).services]

    assert names == [
        "old-api_release_v1.0",
        "services-api_release_v1.0",
        "my-worker_release_v1.0",
    ]


def test_code_beside_several_services_is_mentioned() -> None:
    found = find(
        {
            "services/a/m.py": "",
            "services/a/Dockerfile": FROM,
            "services/b/m.py": "",
            "services/b/Dockerfile": FROM,
            "services/common/c.py": "",
            "libs/x/y.py": "",
            "libs/z.py": "",
            "tests/test_all.py": "",
            "noxfile.py": "",
        }
    )

    assert found.shared == ("libs", "services/common")
    assert [service.paths for service in found.services] == [
        ("../../libs", "../common"),
        ("../../libs", "../common"),
    ]


def test_projects_inside_of_one_are_mentioned() -> None:
    found = find({"Dockerfile": FROM, "m.py": "", "sdk/pyproject.toml": PROJECT})

    assert found.is_single
    assert found.parts == ("sdk",)


def test_the_nearest_plain_dockerfile_is_built_and_the_others_are_named() -> None:
    image = image_of(
        {"m.py": "", "Dockerfile.dev": FROM, "Dockerfile": FROM, "d/Dockerfile": FROM}
    )

    assert image.dockerfile == "Dockerfile"
    assert image.others == ("Dockerfile.dev", "d/Dockerfile")


@pytest.mark.parametrize("name", ["Dockerfile.md", "dockerfile.py", "Dockerfile.j2"])
def test_what_only_sounds_like_a_dockerfile_is_none(name: str) -> None:
    (service,) = find({"m.py": "", name: FROM}).services

    assert service.image is None


def test_the_context_is_the_folder_that_holds_what_is_copied() -> None:
    apart = image_of(
        {
            "pyproject.toml": PROJECT,
            "src/m.py": "",
            "docker/Dockerfile": "FROM a\nCOPY src pyproject.toml /app/\n",
        }
    )
    beside = image_of(
        {
            "pyproject.toml": PROJECT,
            "app/m.py": "",
            "app/Dockerfile": "FROM a\nCOPY m.py /app/\n",
        }
    )

    assert (apart.context, apart.dockerfile) == (".", "docker/Dockerfile")
    assert (beside.context, beside.dockerfile) == ("app", "app/Dockerfile")


def test_a_service_that_copies_shared_code_is_built_from_the_root() -> None:
    service = next(
        each
        for each in find(
            {
                "services/a/m.py": "",
                "services/a/Dockerfile": "FROM x\nCOPY libs services/a /app/\n",
                "services/b/m.py": "",
                "services/b/Dockerfile": FROM,
                "libs/l.py": "",
            }
        ).services
        if each.folder == "services/a"
    )

    assert service.image is not None
    assert service.image.context == "../.."
    assert service.image.dockerfile == "Dockerfile"


@pytest.mark.parametrize(
    ("source", "health"),
    [
        ('@app.get("/healthz")', "/healthz"),
        ("@app.get('/ready')\n@app.get('/health')", "/health"),
        ('url = "/api/v1/health"', "/api/v1/health"),
        ('"/predict"', None),
    ],
)
def test_the_health_route_is_a_guess_from_the_source(
    source: str, health: str | None
) -> None:
    image = image_of({"Dockerfile": FROM, "app.py": source})

    assert image.health == health
    assert ("a guess: app.py" in image.health_reason) is (health is not None)


def test_models_are_found_with_what_is_known_of_them() -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
    service: Service = find(
        {
            "m.py": "",
            "models/a.safetensors": "1234",
            "models/b.pkl": pointer,
            "tests/data/c.onnx": "",
        }
    ).services[0]

    assert [(model.path, model.size) for model in service.models] == [
        ("models/a.safetensors", 4),
        ("models/b.pkl", None),
    ]
    assert [model.runs_code for model in service.models] == [False, True]
