"""Unit tests of `sluicegate.config.rename`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.config.rename import rename_pipeline
from sluicegate.errors import PipelineFileError, UsageError

OLD, NEW = "churn_check_v1.0", "churn_check_v1.1"


def rename(text: str) -> str:
    return rename_pipeline(text.encode(), "s.yaml", OLD, NEW).decode()


@pytest.mark.parametrize(
    "template",
    [
        "schema: sluicegate/v1\nname: {}\n",
        "name: {}   # churn_check_v1.0 was the first\nschema: sluicegate/v1",
        'name:    "{}"\r\nschema: sluicegate/v1\r\n',
        "name:\n  '{}'\n# ü, and a clef: \U0001d11e\n",
        "\ufeff# with a mark\nname: {}\n",
        "# ü \U0001d11e\nstages: {{a: {{name: churn_check_v1.0}}}}\nname: {}\n",
        "{{schema: a, 'stages': {{b: [name, churn_check_v1.0]}}, name: {}}}",
        "name: >-\n  {}\nschema: a\n",
    ],
)
def test_nothing_but_the_version_is_changed(template: str) -> None:
    assert rename(template.format(OLD)) == template.format(NEW)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30),
    st.sampled_from(["\n", "\r\n"]),
)
def test_comments_of_any_kind_stay(comment: str, end: str) -> None:
    before = f"# {comment}{end}name: {OLD} # {comment}{end}a: 1{end}"
    try:
        renamed = rename(before)
    except PipelineFileError:  # a character that YAML does not take
        return

    assert renamed == before.replace(f"name: {OLD}", f"name: {NEW}")


@pytest.mark.parametrize(
    "text",
    [
        'name: "\\x63hurn_check_v1.0"\n',
        "name: churn_\n  check_v1.0\n",
        "name: other_check_v1.0\n",
        "schema: a\n",
        "name: [churn_check_v1.0]\n",
    ],
)
def test_a_name_that_is_not_written_plainly_is_left_to_the_person(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        rename(text)

    assert caught.value.hint == f"write `name: {NEW}` there"


def test_what_is_no_yaml_is_told_as_ever() -> None:
    with pytest.raises(PipelineFileError, match=r"^s\.yaml:2: "):
        rename("name: [")
