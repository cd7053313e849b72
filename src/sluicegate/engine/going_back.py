"""Which release to go back to. Pure.

Only what has been through every gate and has served all the traffic of the environment
can be gone back to, by this very log: nothing else is known well enough.
"""

import re
from collections.abc import Sequence

from sluicegate.errors import UsageError
from sluicegate.model.deployment import ARRIVED, Deployment, Standing

_TOOK_OVER = ARRIVED | {Standing.FOUND}
_SHARES = frozenset({Standing.UNDER_WAY, Standing.HELD})
_HEX = re.compile(r"(?:sha256:)?([0-9a-f]{4,64})")
_LEAST = 4  # characters of an id or a digest that name anything
_SHORT = 12
_WHY_NOT = {
    Standing.ROLLED_BACK: "its canary was taken back",
    Standing.HELD: "no verdict was reached about its canary",
    Standing.UNDER_WAY: "its rollout has not ended",
    Standing.UNFINISHED: "its rollout never ended",
    Standing.FOUND: "it came there by other means than a rollout of this log",
}


def choose_release(
    rows: Sequence[Deployment], environment: str, to: str | None
) -> Deployment:
    """The release to go back to in *environment*, by the rollout that brought it there.

    Args:
        rows: what environments ran, in the order in which it came there.
        environment: the name of one.
        to: its name, run or digest; by default it is the one before what is live now,
            and after a rollback, the one before what that went back to.

    Raises:
        UsageError: there is none, or it cannot be gone back to.
    """
    here = [row for row in rows if row.environment == environment]
    if not here:
        known = ", ".join(sorted({row.environment for row in rows})) or "none"
        raise UsageError(
            f"the log holds no release in {environment!r}",
            hint=f"there are releases in: {known}",
        )
    live = next((row for row in here if row.live), None)
    beside = here[-1] if here[-1].standing in _SHARES else None
    if to is None:
        return _origin(here, _default(here, live, beside))
    chosen = _named(here, to)
    is_live = live is not None and live.release.image == chosen.release.image
    if is_live and beside is None:
        raise UsageError(
            f"{chosen.release.name} is what {environment} runs already",
            hint="`sluice environments` shows what it runs and ran",
        )
    return _origin(here, chosen)


def _default(
    here: Sequence[Deployment], live: Deployment | None, beside: Deployment | None
) -> Deployment:
    """What was live before what is live now."""
    if live is None:
        raise UsageError(
            "nothing is live there, so it cannot be told what to go back from",
            hint=f"name a release with --to: {_list(here)}",
        )
    if beside is not None:
        name, place = live.release.name, live.environment
        raise UsageError(
            f"{beside.release.name} shares the traffic with {name}: its rollout"
            f" {'is under way' if beside.end_ts is None else 'was held'}, by run"
            f" {beside.run_id}",
            hint=f"`sluice rollback {place} --to {name}` takes it out of the traffic;"
            " name an earlier release to go further back",
        )
    current = _origin(here, live)
    earlier = here[: here.index(current)]
    took_over = [row for row in earlier if row.standing in _TOOK_OVER]
    image = None if current.before is None else current.before.image
    if current.standing is not Standing.FOUND:
        took_over = [row for row in took_over if row.release.image == image]
    if not took_over:
        raise UsageError(
            f"nothing that the log knows of was live before {current.release.name}",
            hint=f"name a release with --to: {_list(here)}",
        )
    _check(took_over[-1])
    return took_over[-1]


def _origin(here: Sequence[Deployment], row: Deployment) -> Deployment:
    """The rollout that *row* goes back to, if that is what it does."""
    if row.rollback is None:
        return row
    found = [
        each for each in here if each.run_id == row.rollback and _is_evidenced(each)
    ]
    if not found:
        raise _pruned(row)
    return found[-1]


def _named(here: Sequence[Deployment], to: str) -> Deployment:
    """The newest rollout of what *to* names."""
    found = [row for row in here if row.release.name == to]
    found = found or [row for row in here if _is_meant(row, to)]
    if not found:
        raise UsageError(
            f"{here[0].environment} never ran {to!r}, by this log",
            hint=f"a name, a run or a digest of: {_list(here)}",
        )
    images = {row.release.image: row for row in found if _is_evidenced(row)}
    if not images:
        _check(found[-1])
    if len(images) > 1:
        each = (f"{row.release.name} {image.short}" for image, row in images.items())
        raise UsageError(
            f"{to!r} names {len(images)} releases there: {', '.join(each)}",
            hint="name the digest of the one that is meant, or its run",
        )
    return next(row for row in reversed(found) if _is_evidenced(row))


def _is_meant(row: Deployment, to: str) -> bool:
    release, run = row.release, to.upper()
    if len(to) < _LEAST:
        return False
    if row.run_id.startswith(run) or row.run_id.endswith(run):
        return True
    found = _HEX.fullmatch(to.rpartition("@")[2].lower())
    if found is None:
        return False
    published = (release.reference or "").rpartition("@sha256:")[2]
    is_digest = to.lower().rpartition("@")[2].startswith("sha256:")
    texts = (release.image.hex, published, "" if is_digest else release.commit)
    return any(text.startswith(found[1]) for text in texts)


def _is_evidenced(row: Deployment) -> bool:
    return row.standing in ARRIVED and row.run is not None


def _check(row: Deployment) -> None:
    """See to it that *row* can be gone back to.

    Raises:
        UsageError: it cannot.
    """
    if row.run is None:
        raise _pruned(row)
    if row.standing not in ARRIVED:
        raise UsageError(
            f"{row.release.name} never got through the gates of {row.environment}:"
            f" {_WHY_NOT[row.standing]}",
            hint="only what was live there by a rollout of this log can be gone back"
            " to; release the commit anew with `sluice run`",
        )


def _pruned(row: Deployment) -> UsageError:
    return UsageError(
        f"what was found for {row.release.name} is not in the log any more: its"
        " entries were pruned",
        hint=f"release it anew: `git checkout {row.release.commit[:_SHORT]}` and"
        " `sluice run`",
    )


def _list(here: Sequence[Deployment]) -> str:
    names = dict.fromkeys(
        row.release.name for row in reversed(here) if _is_evidenced(row)
    )
    return ", ".join(names) or "none that could be gone back to"
