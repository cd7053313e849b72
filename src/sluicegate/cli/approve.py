"""``sluice approve``."""

from typing import Any

import click

from sluicegate.cli.answer_options import answer_options
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@click.argument("request", metavar="REQUEST")
@click.option("--reason", metavar="TEXT", default="", help="Why; it is logged.")
@answer_options
def approve(
    request: str,
    reason: str,
    **how: Any,  # noqa: ANN401 - Wish names and types them
) -> ExitCode:
    """Say yes to REQUEST: 8 digits of its id or more, or a file that holds it.

    Shows what would be released: digests, what changed, what the gates found, what is
    unusual, and who is missing. Then asks, signs with your SSH key, and leaves the
    signed answer where the next recorder finds it. No key of the log is needed.

    \b
    Exits with 0 if the answer was left, 1 if the request is expired, used,
    rejected or replaced, or you said no to the question, 2 if no such request is
    here or it cannot be signed, 4 if it may not have been left, 5 if the log, the
    request or its evidence are not what they were.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.answering import Wish, answer  # noqa: PLC0415 - not for --help
    from sluicegate.model.release_request import Answer  # noqa: PLC0415 - likewise

    return answer(Wish(request, Answer.APPROVE, reason, **how))
