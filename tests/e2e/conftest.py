"""What several tests of whole programs share."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from e2e.trivydb.build import build


@pytest.fixture(scope="session")
def advisories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PyPI's safety-db, the advisories of which make a database for Trivy."""
    folder = tmp_path_factory.mktemp("advisories")
    options = ("--no-deps", "--quiet", "--dest", str(folder), "safety-db==2021.7.17")
    subprocess.run([sys.executable, "-m", "pip", "download", *options], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def trivy_db(advisories: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for Trivy whose database was made two hours ago."""
    cache = tmp_path_factory.mktemp("trivy") / "cache"
    build(advisories, cache, datetime.now(UTC) - timedelta(hours=2))
    return cache
