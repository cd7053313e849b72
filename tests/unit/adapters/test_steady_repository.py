"""Unit tests of `sluicegate.adapters.steady_repository`."""

from fakes import FakeRepository

from sluicegate.adapters.steady_repository import SteadyRepository
from sluicegate.model.source import WorkTree


def test_the_content_of_a_clean_tree_is_read_once_and_what_is_declared_each_time() -> (
    None
):
    behind = FakeRepository(files={"data.csv": "1"})
    steady = SteadyRepository(behind)
    whole, other = steady.content((".",)), steady.content((":(top)",))
    declared = steady.content(("data.csv",), declared=True)

    behind.tree = WorkTree("b" * 40, "main", ())
    behind.files["data.csv"] = "2"

    assert steady.content((".",)) == whole
    assert steady.content((":(top)",)) == other
    assert steady.content(("data.csv",), declared=True) != declared


def test_the_tree_itself_is_looked_at_each_time() -> None:
    behind = FakeRepository()
    steady = SteadyRepository(behind)
    before = steady.work_tree()

    behind.tree = WorkTree("b" * 40, "main", ("x.py",))

    assert steady.work_tree() != before
    assert steady.source().commit == "b" * 40


def test_what_git_does_not_see_is_read_each_time() -> None:
    behind = FakeRepository(is_noticed=False)
    steady = SteadyRepository(behind)
    before = steady.content((".",))

    behind.tree = WorkTree("b" * 40, "main", ())

    assert not steady.notices((".",))
    assert steady.content((".",)) != before
