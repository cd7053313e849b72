"""The summary of a step that is not about a run, or that failed. Pure."""

from sluicegate.report.github.limits import SUMMARY_BYTES
from sluicegate.report.github.page import Block, build_page
from sluicegate.report.github.recording import describe_head
from sluicegate.report.github.shown import Said
from sluicegate.report.github.text import pre, words
from sluicegate.report.github.verdict import icon_of

_LINES = 200


def said_summary(said: Said) -> str:
    """Write it: the verdict first, then what a program would print, then what to do."""
    word = words(said.word.capitalize())
    blocks = [Block(f"<h2>{icon_of(said.word)} {word}: {words(said.title)}</h2>")]
    if said.lines:
        left = len(said.lines) - _LINES
        more = [f"… and {left} more lines, in the log of this step"] if left > 0 else []
        blocks.append(Block(pre([*said.lines[:_LINES], *more])))
    if said.hint:
        blocks.append(Block(f"<p><b>Next:</b> {words(said.hint)}</p>"))
    if said.head is not None:
        blocks.append(Block(f"<p><sub>{describe_head(said.head)}</sub></p>"))
    return build_page(blocks, SUMMARY_BYTES // 2)
