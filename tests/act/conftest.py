"""What the tests with act share: the Action's files and its environment, once."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from act.runner import act_program, copy_action
from act.world import World, world


@pytest.fixture(scope="session")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of the Action."""
    act_program()
    folder = tmp_path_factory.mktemp("action")
    copy_action(folder)
    return folder


@pytest.fixture(scope="session")
def forgiving_action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, for runs in which a gate says no and more is to come."""
    act_program()
    folder = tmp_path_factory.mktemp("forgiving")
    copy_action(folder, forgives=True)
    return folder


@pytest.fixture(scope="session")
def action_home() -> Path:
    """Where the Action keeps its environments: made once for a lock, then kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "sluicegate" / "test-action"


@pytest.fixture
def shop(tmp_path: Path, action: Path, action_home: Path) -> Iterator[World]:
    """A repository without anything in it."""
    with world(tmp_path, action, action_home) as made:
        yield made
        assert made.github.violations == []
