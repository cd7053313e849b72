"""What the service said to each request, with batches taken apart."""

from collections.abc import Mapping, Sequence

from sluicegate.stages.output import count
from sluicegate.stages.serving.answers import Replay, Said, read_answer
from sluicegate.stages.serving.exchanges import Exchange
from sluicegate.stages.serving.likeness import Rules, compare
from sluicegate.stages.serving.orders import Asking

_REFUSED = range(400, 500)
_ANSWERED = range(200, 300)


class Replies:
    """The answers of a *replay*, by the key of what was asked."""

    def __init__(
        self,
        exchanges: Sequence[Exchange],
        asking: Asking,
        rules: Rules,
        replay: Replay,
    ) -> None:
        self.rules = rules
        self._asking = asking
        self._exchanges = {each.key: each for each in exchanges}
        self._said: Mapping[str, Said] = {
            each.key: read_answer(each) for each in replay.answers
        }

    @property
    def unanswered(self) -> int:
        """How many requests got no answer at all."""
        return sum(each.status is None for each in self._said.values())

    def asked(self, *kinds: str) -> tuple[Exchange, ...]:
        """The requests whose key begins with one of *kinds*."""
        return tuple(
            each for key, each in self._exchanges.items() if key.startswith(kinds)
        )

    def said(self, key: str) -> Said:
        """What was said to the request *key* of one instance: its prediction.

        A single request may have been sent as a batch of one. What is no answer is
        left as it is.
        """
        said = self._said[key]
        if not self._asking.wraps or said.status not in _ANSWERED:
            return said
        found = self.predictions(key)
        return Said(said.status, None, found) if isinstance(found, str) else found[0]

    def alone(self, number: int) -> Said:
        """What was said to the golden request *number* when it came alone."""
        return self.said(f"golden/{number}")

    def predictions(self, key: str) -> list[Said] | str:
        """The predictions of the batch *key*, or why there are none."""
        said, size = self._said[key], len(self._exchanges[key].members)
        assert self._asking.batch is not None
        how = why_unanswered(said)
        if how or said.json is None:
            return how
        found = self._asking.batch.unwrap(said.json[0])
        if found is None:
            return f"no list {self._asking.batch.predictions or 'of predictions'}"
        if len(found) != size:
            return f"{count(len(found), 'prediction')} for {count(size, 'instance')}"
        return [Said(said.status, (each,), "") for each in found]

    def why_not_refused(self, key: str) -> str:
        """Why the request *key* was not refused; empty if it was."""
        said = self._said[key]
        if said.status is None:
            return said.fault
        if said.status in _REFUSED:
            return ""
        return f"status {said.status}, expected a refusal (400 to 499)"

    def why_other(self, one: Said, other: Said) -> str:
        """Why *other* is not the same answer as *one*; empty if it is."""
        how = why_unanswered(other)
        if how or other.json is None:
            return how
        if why_unanswered(one) or one.json is None:
            return "there is no answer to compare it with"
        found = compare(one.json[0], other.json[0], self.rules)
        return "" if found.is_alike else f"another answer: {found.differences[0]}"


def why_unanswered(said: Said) -> str:
    """Why there is no answer in JSON, with a status of success; empty if there is."""
    if said.status is not None and said.status not in _ANSWERED:
        return f"status {said.status}"
    return "" if said.json is not None else said.fault or "no answer"
