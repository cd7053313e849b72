"""See what serves: whether it is as it was set, and the canary still runs."""

from contextlib import suppress

from sluicegate.engine.rollout_account import Account
from sluicegate.engine.rollout_action import SetWeight
from sluicegate.engine.rollout_drift import Due, describe, find_due, see
from sluicegate.errors import AwaitedError, ExternalError, PermanentError
from sluicegate.model.rollout import Release
from sluicegate.ports.fence import OvertakenError
from sluicegate.ports.target import Target

_ALL = 100  # percent


class Sight:
    """What can be seen of *target*. ``blind``: not enough of it could, just now."""

    def __init__(self, account: Account, target: Target) -> None:
        self.blind = False
        self._account, self._target = account, target

    def lose(self, error: ExternalError) -> None:
        """Go on without what could not be read.

        Raises:
            OvertakenError: there is nothing to go on with.
        """
        if isinstance(error, OvertakenError):
            raise error
        self.blind = True
        if isinstance(error, AwaitedError):
            self._account.say(f"wait: {error}")
        else:
            self._account.say(f"hold: the target cannot be read: {error}")

    def refuse_overtaken(self) -> None:
        """Leave alone a release that others promoted since this rollout stopped.

        Raises:
            PermanentError: it is the stable release, and not by this rollout's doing.
        """
        state, plan = self._account.state, self._account.plan
        started = state.started
        if started is None or started.stable is None or state.finished is not None:
            return
        mine = state.is_live(plan) or _ALL in {state.requested, state.weight}
        if not mine and self._is_stable(plan.release):
            raise PermanentError(
                f"another rollout has made {plan.release.name} the stable release of "
                f"{plan.environment}: there is nothing left to compare it with",
                hint="start a new run, which will find it live",
            )

    def is_as_set(self) -> bool:
        """Whether the target is as it was set, as far as that can be asked now."""
        self.hold_against()
        return self._account.state.drift is None and not self.blind

    def hold_against(self) -> None:
        """Hold what serves against what was set, and record what came of it."""
        due = find_due(self._account.state)
        if due is None:
            return
        try:
            what = self._differs(due)
        except ExternalError as error:
            self.lose(error)
            return
        if self._record(what):
            drifted = describe(self._account.state)
            self._account.say(drifted or "it is as it was set again")

    def has_regained(self, release: Release) -> bool:
        """Whether others gave traffic to *release*, which is to go; then it is told."""
        due = find_due(self._account.state)
        if due is None or self._target.weight(release) == 0:
            return False
        what = None
        try:
            what = self._differs(due)
        except OvertakenError:
            raise
        except ExternalError:
            pass  # its traffic was seen, whatever else is not
        told = self._record(what or f"{release.name} has traffic again")
        if told:
            self._account.say(describe(self._account.state))
        return told

    def find_fault_before(self, action: SetWeight) -> tuple[str, str] | None:
        """Why a canary that is to get more traffic must not have it, or None."""
        live = self._account.state.is_live(self._account.plan)
        if live or action.percent in {0, self._target.weight(action.release)}:
            return None
        return self.find_fault()

    def find_fault(self) -> tuple[str, str] | None:
        """Why the canary can no longer be released, or None: cause and reason."""
        serving, release = self._target.stable(), self._account.plan.release
        known = {release.image, self._account.stable.image}
        if serving is not None and serving.image not in known:
            reason = f"{serving.name} was released meanwhile, and is stable now"
            return "superseded", reason
        fault = self._target.fault(release)
        return None if fault is None else ("crashed", fault)

    def watch(self) -> tuple[str, str] | None:
        """See whether all is as it was set, and the canary still runs.

        Each is asked for even if the other cannot be told.

        Returns:
            Why the canary can no longer be released, or None: cause and reason.
        """
        self.blind = False
        self.hold_against()
        try:
            return self.find_fault()
        except ExternalError as error:
            if not self.blind:
                self.lose(error)
            return None

    def _differs(self, due: Due) -> str | None:
        """How what serves differs from *due*.

        A promotion that took place is carried on with, whatever came after it.
        """
        release = self._account.plan.release
        if due.percent == _ALL and due.before is not None and self._is_stable(release):
            return None
        return self._target.drift(release, due.percent, before=due.before)

    def _is_stable(self, release: Release) -> bool:
        """Whether *release* is known to be what is stable.

        A target that refuses to say, as a stranger serves there, does not say yes. That
        stands in no rollback's way, and is told as the drift that it is.
        """
        with suppress(PermanentError):
            stable = self._target.stable()
            return stable is not None and stable.image == release.image
        return False

    def _record(self, what: str | None) -> bool:
        account = self._account
        event = see(account.state, account.plan.stage, what, account.now())
        if event is not None:
            account.record(event)
        return event is not None
