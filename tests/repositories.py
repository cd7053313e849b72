"""Five shapes of repository, as their owners have them before the first run."""

import os
from collections.abc import Mapping
from pathlib import Path

_LOCKS = Path(__file__).parent / "vectors" / "locks"
BASE = os.environ.get("SLUICE_TEST_BASE", "sluicegate-base:test")

# Most of the images are never started: without a base they are built and scanned fast.
_DOCKERFILE = """\
FROM {base}
WORKDIR /app
COPY {copied} ./
USER 10001
EXPOSE {port}
HEALTHCHECK CMD ["python3", "-c", "print()"]
CMD ["python3", "-m", "http.server", "{port}"]
"""
_CODE = '''\
"""Adds."""


def add(left: int, right: int) -> int:
    """Add two numbers."""
    return left + right
'''
_TEST = """\
from {module} import add


def test_it_adds() -> None:
    assert add(2, 3) == 5
"""
_UV = """\
[project]
name = "churn-model"
version = "1.2.0"
requires-python = ">=3.11"
dependencies = []

[dependency-groups]
dev = ["pytest>=8,<9"]
"""
_POETRY = """\
[tool.poetry]
name = "fraud-score"
version = "0.3.0"
description = "Scores payments."
authors = []
packages = [{include = "fraud_score"}]

[tool.poetry.dependencies]
python = ">=3.11,<4.0"

[tool.poetry.group.dev.dependencies]
pytest = "^8.0"

[build-system]
requires = ["poetry-core>=1.8"]
build-backend = "poetry.core.masonry.api"

[[tool.poetry.source]]
name = "simple"
url = "https://pypi.org/simple/"
priority = "primary"
"""
_ROUTES = '''\
"""The routes of the service."""

ROUTES = {"/healthz": "ok", "/predict": "score"}
'''


def uv_project() -> Mapping[str, str]:
    """A uv project with a lock file, tests and a Dockerfile."""
    return {
        "pyproject.toml": _UV,
        "uv.lock": (_LOCKS / "uv.lock").read_text(),
        "churn/__init__.py": _CODE,
        "churn/routes.py": _ROUTES,
        "tests/test_churn.py": _TEST.format(module="churn"),
        "Dockerfile": _DOCKERFILE.format(base=BASE, copied="churn", port=8000),
        ".dockerignore": "**\n!churn\n",
    }


def poetry_project() -> Mapping[str, str]:
    """A Poetry project with a lock file and tests, and no Dockerfile."""
    return {
        "pyproject.toml": _POETRY,
        "poetry.lock": (_LOCKS / "poetry.lock").read_text(),
        "fraud_score/__init__.py": _CODE,
        "tests/test_score.py": _TEST.format(module="fraud_score"),
    }


def requirements_project() -> Mapping[str, str]:
    """Scripts beside a requirements.txt: no package, tests in the root, a model."""
    return {
        "requirements.txt": "iniconfig\n",
        "requirements-dev.txt": "-r requirements.txt\npytest>=8\n",
        "serve.py": _CODE,
        "test_serve.py": _TEST.format(module="serve"),
        "model.pkl": "this is no model\n",
        "Dockerfile": _DOCKERFILE.format(
            base="scratch", copied="serve.py model.pkl", port=9000
        ),
    }


def monorepo() -> Mapping[str, str]:
    """Two services and a library that one of them copies."""
    files = {"README.md": "# Two services\n", "libs/shared/text.py": _CODE}
    for name, copied in (("api", "services/api libs"), ("worker", "worker.py")):
        folder = f"services/{name}"
        files |= {
            f"{folder}/{name}.py": _CODE,
            f"{folder}/test_{name}.py": _TEST.format(module=name),
            f"{folder}/Dockerfile": _DOCKERFILE.format(
                base="scratch", copied=copied, port=8000
            ),
        }
    return files


def bare_repository() -> Mapping[str, str]:
    """A script, and neither tests nor a Dockerfile."""
    return {"report.py": _CODE, "README.md": "# A report\n"}
