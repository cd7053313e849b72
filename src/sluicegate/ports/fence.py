"""What a target says to whoever is not, or no longer, the one that changes it."""

from sluicegate.errors import PermanentError


class OvertakenError(PermanentError):
    """The log gave the environment to another lease: this one's rollout is over.

    That is known, and no outage: nothing is held until it can be read again.
    """


class FencedOffError(PermanentError):
    """The fence on a target is that of another lease. Nothing was changed.

    Whether it can be believed is a question to the log: whoever may write to the
    target may write a fence, too.

    Args:
        where: what has the fence, in words.
        number: the entry of the log that gave that lease.
        ours: the entry that gave ours.
        removal: how a person takes the fence away.
        is_of_this_log: whether it is said to be of the log that ours is of.
    """

    def __init__(
        self, where: str, number: int, ours: int, removal: str, *, is_of_this_log: bool
    ) -> None:
        self.where, self.number, self.removal = where, number, removal
        self.is_of_this_log = is_of_this_log
        whose = "" if is_of_this_log else " of another log"
        super().__init__(
            f"this rollout's lease, entry {ours} of the log, is over: entry"
            f" {number}{whose} took its place, says {where}",
            hint="leave the environment to that rollout; `sluice audit log --type"
            " 'lease.*'` shows whose it is"
            if is_of_this_log
            else "leave the environment to the rollout that has that log; if there is"
            " none, `sluice resume` takes the environment back",
        )
