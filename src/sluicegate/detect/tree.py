"""A folder as detection sees it: names and sizes of all files, words of a few. Pure.

Plan, read once, fold: `worth_reading` says which files decide something, an adapter
reads them, and the rest of the package concludes from what they hold.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

MAX_TEXT = 256 * 1024
"""Bytes read of one file; what matters in these files stands far above."""
_MAX_SOURCES = 500  # Python files that are searched for routes
_POINTER = 1024  # a file of Git LFS that was not fetched is smaller than this

PYTHON = frozenset({".py", ".ipynb"})
_SETTINGS = frozenset(
    (
        *("pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg"),
        *("setup.py", "Pipfile", "environment.yml", "environment.yaml"),
    )
)
_REQUIREMENTS = re.compile(r"requirements.*\.(?:txt|in)")
_DOCKERFILE = re.compile(
    r"(?i)(?:dockerfile|containerfile)(?:\.[\w.-]+)?|[\w-]+\.dockerfile"
)
_NOT_A_DOCKERFILE = re.compile(
    r"(?i).*\.(?:dockerignore|md|py|txt|ya?ml|json|j2|tmpl|tpl)"
)

# Folders that hold no service, whatever lies in them.
ASIDE = frozenset(
    (
        *(".devcontainer", ".git", ".github", ".gitlab", ".sluicegate", ".venv"),
        *("__pycache__", "doc", "docs", "example", "examples", "node_modules"),
        *("notebooks", "site-packages", "template", "templates", "test", "tests"),
        *("third_party", "vendor", "venv"),
    )
)


@dataclass(frozen=True)
class Tree:
    """The files of a folder that Git does not ignore.

    ``sizes`` holds every file by its path below the folder, in bytes; ``texts`` what
    some of them say. ``name`` is the folder's own name, ``remote`` the address of the
    repository's remote without credentials, "" if there is none.
    """

    name: str
    sizes: Mapping[str, int]
    texts: Mapping[str, str] = field(default_factory=dict)
    remote: str = ""

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Every file, sorted: detection must not depend on the order of a listing."""
        return tuple(sorted(self.sizes))

    def text(self, path: str) -> str:
        """What the file at *path* says; "" if it is not there or was not read."""
        return self.texts.get(path, "")

    def under(self, folder: str) -> Iterator[str]:
        """The files in *folder* and below; "." is the whole tree."""
        return (path for path in self.files if is_under(path, folder))

    def inside(self, folder: str) -> Iterator[str]:
        """The names of the files that lie in *folder* itself."""
        parent = PurePosixPath(folder)
        return (
            PurePosixPath(path).name
            for path in self.files
            if PurePosixPath(path).parent == parent
        )


def is_under(path: str, folder: str) -> bool:
    """Whether *path* is in *folder* or below it; "." holds everything."""
    return folder in {".", path} or path.startswith(f"{folder}/")


def is_aside(path: str) -> bool:
    """Whether a file lies in a folder that holds no service."""
    return not ASIDE.isdisjoint(PurePosixPath(path).parts[:-1])


def is_dockerfile(name: str) -> bool:
    """Whether a file called *name* tells how to build an image."""
    return bool(_DOCKERFILE.fullmatch(name)) and not _NOT_A_DOCKERFILE.fullmatch(name)


def is_requirements(name: str) -> bool:
    """Whether a file called *name* lists requirements for pip."""
    return bool(_REQUIREMENTS.fullmatch(name))


def worth_reading(sizes: Mapping[str, int]) -> tuple[str, ...]:
    """The files whose words decide something, sorted."""
    chosen = []
    sources = 0
    for path, size in sorted(sizes.items()):
        name = PurePosixPath(path)
        if size > MAX_TEXT and name.name not in _SETTINGS:
            continue
        if name.suffix == ".py" and not is_aside(path):
            sources += 1
            if sources <= _MAX_SOURCES:
                chosen.append(path)
        elif (
            name.name in _SETTINGS
            or is_requirements(name.name)
            or is_dockerfile(name.name)
            or name.name in {"uv.lock", "poetry.lock"}
            or (is_model(path) and size < _POINTER)
            or is_predictions(path)
            or is_golden(path)
        ):
            chosen.append(path)
    return tuple(chosen)


_PREDICTIONS = re.compile(
    r"(?i)[\w.-]*(?:prediction|preds?\b|champion|candidate)[\w.-]*\.(?:jsonl|csv)"
)


def is_predictions(path: str) -> bool:
    """Whether a file holds what a model says of examples, by its name."""
    return _PREDICTIONS.fullmatch(PurePosixPath(path).name) is not None


_GOLDEN = re.compile(r"(?i)[\w.-]*golden[\w.-]*\.jsonl")


def is_golden(path: str) -> bool:
    """Whether a file holds requests and the answers that are right, by its name."""
    return _GOLDEN.fullmatch(PurePosixPath(path).name) is not None


_MODELS = frozenset(
    (
        *(".safetensors", ".onnx", ".gguf", ".ggml", ".tflite", ".mlmodel", ".skops"),
        *(".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".ckpt"),
        *(".h5", ".keras", ".cbm", ".ubj", ".bst", ".mar"),
    )
)


def is_model(path: str) -> bool:
    """Whether a file holds a trained model, by its name."""
    name = PurePosixPath(path)
    return name.suffix.lower() in _MODELS or name.name in {"model.json", "model.txt"}
