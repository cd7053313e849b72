import pytest
from trees import make_tree

from sluicegate.detect.python import Python, read_python


def read(**files: str) -> Python:
    found = read_python(make_tree({"a.py": "", **files}), ".")
    assert found is not None
    return found


def with_files(files: dict[str, str]) -> Python:
    return read(**files)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"uv.lock": "", "poetry.lock": "", "requirements.txt": ""}, "uv.lock"),
        ({"poetry.lock": "", "requirements.txt": ""}, "poetry.lock"),
        ({"requirements.txt": "", "pyproject.toml": "[project]\nname='a'"},
         "requirements.txt"),
        ({"requirements-dev.txt": "", "requirements.txt": ""},
         "requirements-dev.txt and requirements.txt"),
        ({"pyproject.toml": "[project]\nname='a'"}, "pyproject.toml"),
        ({"pyproject.toml": "[tool.ruff]"}, "pytest alone"),
        ({"pyproject.toml": "not = [toml"}, "pytest alone"),
        ({}, "pytest alone"),
    ],
)  # fmt: skip
def test_the_first_file_that_declares_needs_is_the_one(
    files: dict[str, str], kind: str
) -> None:
    assert kind in with_files(files).kind


@pytest.mark.parametrize(
    ("files", "tests"),
    [
        ({"tests/test_a.py": "", "tests/helper.py": ""}, ("tests/test_a.py",)),
        ({"pkg/a_test.py": ""}, ("pkg/a_test.py",)),
        ({"tests/check.py": ""}, ()),
        ({".venv/lib/test_x.py": "", "node_modules/a/test_x.py": ""}, ()),
        (
            {"tests/check_a.py": "",
             "pyproject.toml": "[tool.pytest.ini_options]\npython_files='check_*.py'"},
            ("tests/check_a.py",),
        ),
        (
            {"t/check_a.py": "", "pytest.ini": "[pytest]\npython_files = check_*.py x"},
            ("t/check_a.py",),
        ),
        (
            {"t/check_a.py": "", "setup.cfg": "[tool:pytest]\npython_files=check_*.py"},
            ("t/check_a.py",),
        ),
        ({"test_a.py": "", "tox.ini": "not an ini"}, ("test_a.py",)),
    ],
)  # fmt: skip
def test_tests_are_the_files_that_pytest_would_collect(
    files: dict[str, str], tests: tuple[str, ...]
) -> None:
    assert with_files(files).tests == tests


def test_it_is_said_why_there_are_no_tests() -> None:
    assert with_files({"tests/check.py": ""}).missing_tests == (
        "there is a folder tests, but no file called test_*.py or *_test.py in it"
    )
    assert "no file is called" in with_files({}).missing_tests


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("requirements.txt", "numpy", True),
        ("requirements.txt", "pytest>=8", False),
        ("requirements.txt", "pytest-cov", False),  # brings pytest along
        ("requirements.txt", "types-pytest", True),
        ("uv.lock", '[[package]]\nname = "pytest"', False),
        ("pyproject.toml", "[project]\nname='a'\ndependencies=['x']", True),
    ],
)
def test_pytest_is_missed_where_tests_are_and_it_is_not(
    name: str, text: str, *, wanted: bool
) -> None:
    assert with_files({name: text, "test_a.py": ""}).wants_pytest is wanted


def test_without_needs_pytest_is_installed_alone_and_not_missed() -> None:
    assert not with_files({"test_a.py": ""}).wants_pytest


def test_a_folder_without_python_has_none() -> None:
    assert read_python(make_tree({"main.go": ""}), ".") is None


def test_notebooks_are_python() -> None:
    assert read_python(make_tree({"a.ipynb": ""}), ".") is not None
