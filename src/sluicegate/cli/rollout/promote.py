"""``sluice rollout promote``."""

from typing import Any

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.rollout.options import deciding_options


@click.command()
@deciding_options
def promote(
    environment: str,
    reason: str,
    **how: Any,  # noqa: ANN401 - Wish names and types them
) -> ExitCode:
    """Decide that the canary in ENVIRONMENT gets all the traffic, now.

    It takes what entering the environment took: as many people as its approval rule
    asks for, none of them with a part in the release that the rule excludes. Evidence
    that the canary is worse goes before anybody's word.

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

    return decide(Wish(environment, Direction.PROMOTE, reason, **how))
