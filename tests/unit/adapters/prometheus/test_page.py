"""Unit tests of `sluicegate.adapters.prometheus.page`."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from sluicegate.adapters.prometheus.page import page_of
from sluicegate.model.exposition import Kind, Metric, Sample

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


def test_metrics_are_these_words() -> None:
    page = page_of(
        [
            Metric("a_seconds", Kind.GAUGE, "How long.", (Sample({"b": 'x"\n'}, 1.5),)),
            Metric("c_total", Kind.COUNTER, "How many.", (Sample({}, 3.0),)),
        ]
    )

    assert page.decode().splitlines() == [
        "# HELP a_seconds How long.",
        "# TYPE a_seconds gauge",
        r'a_seconds{b="x\"\n"} 1.5',
        "# HELP c_total How many.",
        "# TYPE c_total counter",
        "c_total 3.0",
    ]


def test_nothing_of_this_process_is_shown() -> None:
    assert page_of([]) == b""


@given(st.dictionaries(TEXT, NUMBERS, min_size=1, max_size=5))
def test_whatever_labels_say_is_read_again(values: dict[str, float]) -> None:
    samples = tuple(Sample({"label": text}, each) for text, each in values.items())
    page = page_of([Metric("a", Kind.GAUGE, "Something.", samples)])

    (family,) = text_string_to_metric_families(page.decode())

    assert {each.labels["label"]: each.value for each in family.samples} == values


def test_text_that_is_not_unicode_is_shown_all_the_same() -> None:
    page = page_of([Metric("a", Kind.GAUGE, "b", (Sample({"c": "x\udcff"}, 1.0),))])

    assert b'a{c="x?"} 1.0' in page
