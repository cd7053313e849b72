"""``sluice rollout resume``."""

from typing import Any

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.rollout.options import deciding_options


@click.command()
@deciding_options
def resume(
    environment: str,
    reason: str,
    **how: Any,  # noqa: ANN401 - Wish names and types them
) -> ExitCode:
    """Let the paused rollout in ENVIRONMENT go on.

    Its evidence is kept, and its deadline is later by as long as it was paused. What
    others have changed of what serves is set anew: the release, and its weight. It
    takes as many people as the environment's approval rule asks for. (To go on with a
    run: `sluice resume`.)

    Without an approval rule, one word is enough: of whoever holds the log's key, or
    whose SSH key counts in this project. With one, it is signed with your SSH key.
    Whoever conducts the rollout acts on it at the next look: in the foreground within
    seconds, otherwise at the next `sluice rollout tick`.

    \b
    Exits with 0 if it was said, 1 if no rollout is under way there, 2 if it
    cannot be signed, 4 if it may not have been said, 5 if the log is not what
    it was.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.rollout.deciding import Wish, decide  # noqa: PLC0415 - not for --help
    from sluicegate.model.rollout import Direction  # noqa: PLC0415 - likewise

    return decide(Wish(environment, Direction.RESUME, reason, **how))
