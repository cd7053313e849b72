"""Unit tests of `sluicegate.stages.model_docs.card`."""

import pytest

from sluicegate.stages.model_docs.card import (
    Card,
    find_leftovers,
    has_part,
    read_card,
)
from sluicegate.stages.model_docs.parts import PARTS

TEMPLATE = """\
---
{{ card_data }}
---

# Model Card for {{ model_id | default("Model ID", true) }}

<!-- Provide a quick summary of what the model is/does. -->

## Model Details

- **Developed by:** [More Information Needed]
- **License:** [More Information Needed]
- **Model type:**

## Uses

### Direct Use

<!-- This section is for the model use without fine-tuning. -->

[More Information Needed]

## Bias, Risks, and Limitations

[More Information Needed]

### Recommendations

Users (both direct and downstream) should be made aware of the risks, biases and \
limitations of the model. More information needed for further recommendations.

## Training Details

### Training Data

[More Information Needed]

## Evaluation

## Citation [optional]

```bibtex
```
"""


def card(text: str) -> Card:
    return read_card(text.encode(), "c.md")


def left(text: str, template: frozenset[str] = frozenset()) -> list[int]:
    return [each.line for each in find_leftovers(card(text), template)]


def test_a_template_says_nothing_and_all_of_it_is_left() -> None:
    filled = card(TEMPLATE.replace("{{ card_data }}", "tags: [x]"))

    for part in ("license", "owner", "intended_use", "limitations", "training_data"):
        assert not has_part(filled, PARTS[part], 5), part
    assert len(find_leftovers(filled, frozenset())) == 9


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("license", "---\nlicense: mit\n---\n"),
        ("license", "# A\n## License\nMIT\n"),
        ("license", "- **License:** MIT\n"),
        ("license", "- License: `MIT`\n"),
        ("owner", "- **Developed by:** Acme\n"),
        ("owner", "---\nauthors: [ann, bob]\n---\n"),
        ("owner", "Model Card Contact\n---\nann@example.com\n"),
        ("intended_use", "## Uses\n\n### Direct Use\n\nRanks all customers by risk.\n"),
        ("intended_use", "## Intended uses & limitations\nRanks all customers by risk"),
        ("limitations", "## Bias, Risks, and Limitations\none two three four five\n"),
        (
            "training_data",
            "## Training Data\n| a | b |\n|--|--|\n| one two | x y z |\n",
        ),
        ("metrics", "## Evaluation\nOne two three four five.\n"),
        ("out_of_scope_use", "## Out-of-Scope Use\nOne two three four five.\n"),
        ("metrics", "## Metrics\n| metric | value |\n| - | - |\n| accuracy | 0.9 |\n"),
        ("metrics", "## Metrics\n- Accuracy: 0.944\n"),
    ],
)
def test_a_part_is_known_by_its_words(part: str, text: str) -> None:
    assert has_part(card(text), PARTS[part], 5)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("license", "---\nlicense:\n---\n"),
        ("license", "---\nlicense: TODO\n---\n"),
        ("license", "---\nlicense: []\n---\n"),
        ("license", "- License: `TODO`\n"),
        ("license", "# A\n## License\n"),
        ("license", "# A\n## License\n## Other\nMIT\n"),
        ("license", "# A\n## License\n<!-- MIT -->\n"),
        ("license", "```\n## License\nMIT\n```\n"),
        ("owner", "- **Developed by:**\n"),
        ("owner", "Ask the owner.\n"),
        ("limitations", "## Limitations\nNone.\n"),
        ("limitations", "## Limitations\n```\none two three four five six\n```\n"),
        ("limitations", "## Limitations\nTBD one two three four five six\n"),
        ("intended_use", "## Reused parts\nOne two three four five.\n"),
        ("training_data", "## Data\nOne two three four five training data.\n"),
        ("metrics", "## Evaluation data\nOne two three four five.\n"),
        ("metrics", "## Metrics\n0.944\n"),
        ("metrics", "## Metrics\nSee below.\n"),
        ("metrics", "## Metrics\n| accuracy | 0.9 TODO |\n| - | - |\n| x | |\n"),
        ("limitations", "## Limitations\nOnly 569 patients.\n"),
    ],
)
def test_a_part_that_says_nothing_is_not_there(part: str, text: str) -> None:
    assert not has_part(card(text), PARTS[part], 5)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("---\ntags:\nlicense: TODO\n---\nx\n", [2, 3]),
        ("# TODO\ntext\n", [1]),
        ("# A\n\n## Empty\n\n## Next\ntext\n", [3]),
        ("# A\n\n## Parent\n\n### Child\ntext\n", []),
        ("# A\ntext\n- Label:\n- Other: x\n", [3]),
        ("# A\ntext\n- Label:\n  - inner\n", []),
        ("# A\n| a |\n|---|\n| TBD |\n", [4]),
        ("# A\n`TODO` is a mark.\n", []),
        ("# A\n<name of the model>\n", [1, 2]),
        ("# A\n```\nTODO\n```\n", []),
    ],
)
def test_what_is_left_has_its_line(text: str, lines: list[int]) -> None:
    assert left(text) == lines


def test_windows_lines_and_a_mark_of_the_byte_order_are_read_the_same() -> None:
    text = "---\nlicense: mit\n---\n# A\n\nTODO\n"
    other = read_card(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(), "c.md")

    assert has_part(other, PARTS["license"], 5)
    assert [each.line for each in find_leftovers(other, frozenset())] == [6]
