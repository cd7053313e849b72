"""Building metrics: numbers by labels, and one word out of several."""

import enum
from collections.abc import Iterable, Mapping

from sluicegate.model.exposition import Kind, Metric, Sample

Labels = Mapping[str, str]


class Family:
    """The numbers of one metric, while they are gathered; none is left out."""

    def __init__(self, name: str, help_text: str, kind: Kind = Kind.GAUGE) -> None:
        self._name, self._help, self._kind = name, help_text, kind
        self._samples: dict[tuple[tuple[str, str], ...], Sample] = {}

    def add(self, labels: Labels, value: float | None) -> None:
        """Add *value*, in place of one with the same labels; None is not there."""
        if value is not None:
            self._samples[tuple(labels.items())] = Sample(dict(labels), float(value))

    def add_state(
        self, labels: Labels, key: str, words: Iterable[str], holds: str
    ) -> None:
        """Add 1 for the word that *holds* and 0 for all others, each as label *key*."""
        for word in words:
            self.add({**labels, key: word}, word == holds)

    def metric(self) -> Metric:
        """What was added, in that order."""
        return Metric(self._name, self._kind, self._help, tuple(self._samples.values()))


def metrics_of(families: Iterable[Family]) -> tuple[Metric, ...]:
    """The metrics that have a number."""
    found = (family.metric() for family in families)
    return tuple(metric for metric in found if metric.samples)


def values_of(kind: type[enum.Enum]) -> tuple[str, ...]:
    """The words of an enum."""
    return tuple(member.value for member in kind)
