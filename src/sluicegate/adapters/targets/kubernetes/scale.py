"""How many pods an arm needs. Pure."""

from dataclasses import dataclass

_ALL = 100  # percent


@dataclass(frozen=True, slots=True)
class Scale:
    """How the canary is scaled: to *fixed* pods, or in proportion to its weight."""

    fixed: int | None = None

    def pods(self, percent: int, full: int) -> int:
        """How many pods serve *percent* of the traffic.

        Args:
            percent: 0 to 100. At 0 there is one pod, to see whether the release gets
                ready at all; at 100 there are as many as served until now.
            full: how many pods serve all the traffic.
        """
        if percent == _ALL:
            return max(full, self.fixed or 1)
        if self.fixed is not None:
            return self.fixed
        return max(-(-full * percent // _ALL), 1)


def full_size(now: int, at_deploy: int | None, percent: int) -> int:
    """How many pods serve all the traffic, at least 1.

    While a canary takes traffic, an autoscaler takes pods from stable: so what it had
    when the canary was deployed counts, too. That is only noted where others may write:
    it is not believed beyond double of what the pods of now would come to.

    Args:
        now: how many pods stable has, or the canary if it has taken its place.
        at_deploy: how many stable had, as was noted.
        percent: the canary's share now; 100 if it has taken stable's place.
    """
    most = 2 * now * _ALL // (_ALL if percent == _ALL else _ALL - percent)
    return max(now, min(at_deploy or 0, most), 1)
