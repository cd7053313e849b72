"""The list of behaviours of the stand-in is that of its tests."""

from kube_api.behaviours import README, readme


def test_the_readme_lists_every_behaviour_with_its_source_and_its_test() -> None:
    """tests/kube_api/README.md."""
    text = README.read_text()
    assert text == readme(text), (
        "write it: PYTHONPATH=tests python -m kube_api.behaviours"
    )
