"""Unit tests of `sluicegate.adapters.environment_digest`."""

import json
from pathlib import Path

import pytest

from sluicegate.adapters.environment_digest import digest_environment
from sluicegate.errors import PermanentError
from sluicegate.model.digest import Digest

RECORD = """\
numpy/__init__.py,sha256=aaa,10
numpy-1.0.dist-info/METADATA,sha256=bbb,10
"""
WHERE_IT_LIES = """\
../../../bin/f2py,sha256={0},10
numpy/__pycache__/__init__.cpython-312.pyc,,
numpy-1.0.dist-info/INSTALLER,sha256={0},10
numpy-1.0.dist-info/RECORD,,
numpy-1.0.dist-info/direct_url.json,sha256={0},10
__editable__.numpy-1.0.pth,sha256={0},10
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "venv" / "site-packages"
    (folder / "numpy-1.0.dist-info").mkdir(parents=True)
    (folder / "numpy-1.0.dist-info" / "RECORD").write_text(RECORD)
    return folder


def digest(site: Path) -> Digest:
    return digest_environment([site], site.parents[1] / "project")


def install_in_place(site: Path, source: Path) -> None:
    info = site / "common-1.0.dist-info"
    info.mkdir()
    origin = {"url": source.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(origin))


def test_where_an_environment_lies_makes_no_difference(site: Path) -> None:
    before = digest(site)
    record = site / "numpy-1.0.dist-info" / "RECORD"

    for place in ("one", "two"):
        record.write_text(WHERE_IT_LIES.format(place) + RECORD)
        assert digest(site) == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("numpy-1.0.dist-info/RECORD", RECORD.replace("aaa", "ccc")),
        ("scipy-1.0.dist-info/RECORD", RECORD),
        ("loose.py", "x = 1\n"),
        ("old.egg-info", "Name: old\nVersion: 1\n"),
        ("folder/x.py", ""),
    ],
)
def test_what_is_installed_makes_one(site: Path, name: str, text: str) -> None:
    before = digest(site)

    (site / name).parent.mkdir(exist_ok=True)
    (site / name).write_text(text)

    assert digest(site) != before


def test_a_library_in_place_counts_with_its_content(site: Path, tmp_path: Path) -> None:
    source = tmp_path / "common"
    (source / ".git").mkdir(parents=True)
    (source / "common.py").write_text("RATE = 1\n")
    install_in_place(site, source)
    before = digest(site)

    (source / ".git" / "HEAD").write_text("x")
    assert digest(site) == before
    (source / "common.py").write_text("RATE = 2\n")
    assert digest(site) != before


def test_the_project_itself_is_among_its_files_already(
    site: Path, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    install_in_place(site, project)
    before = digest(site)

    (project / "module.py").write_text("x = 1\n")

    assert digest(site) == before


@pytest.mark.parametrize("text", ["{", '{"dir_info": {"editable": true}}'])
def test_an_origin_that_cannot_be_read_is_refused(site: Path, text: str) -> None:
    info = site / "common-1.0.dist-info"
    info.mkdir()
    (info / "direct_url.json").write_text(text)

    with pytest.raises(PermanentError, match="what is installed"):
        digest(site)


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert digest(tmp_path / "a" / "b") == digest(tmp_path / "c" / "d")
