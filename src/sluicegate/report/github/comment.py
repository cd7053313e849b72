"""The one comment on a pull request, which is updated with every push. Pure.

It is shorter than the summary, to which it leads. Its hidden marker tells it apart from
the comments of other services of the repository; it is made of digits only, so that no
name can end it.
"""

from sluicegate.model.digest import Digest
from sluicegate.report.github.findings import count_findings, finding_table, worst_first
from sluicegate.report.github.gates import gate_table
from sluicegate.report.github.limits import COMMENT_BYTES
from sluicegate.report.github.next_step import next_step
from sluicegate.report.github.page import Block, Part, build_page
from sluicegate.report.github.recording import log_line, unrecorded_warning
from sluicegate.report.github.shown import Shown
from sluicegate.report.github.summary import head_blocks
from sluicegate.report.github.text import link, words

_FINDINGS = 20


def marker_of(shown: Shown) -> str:
    """The hidden text by which the comment of this service is found again.

    It depends on the pipeline's file and name without its version, which may grow.
    """
    name = shown.pipeline.rpartition("_v")[0] or shown.pipeline
    service = Digest.of(f"{shown.folder}\n{name}".encode())
    return f"<!-- sluicegate:comment {service.hex} -->"


def sticky_comment(shown: Shown, limit: int = COMMENT_BYTES) -> str:
    """Write the comment, its marker first, in at most *limit* bytes."""
    page = link("all about this run", shown.links.run)
    advice = next_step(shown)
    said = [f"<b>Next:</b> {words(advice)}"] if advice else []
    parts: list[Part] = [
        Block(marker_of(shown)),
        *unrecorded_warning(shown),
        *head_blocks(shown),
        gate_table(shown),
        *_findings(shown),
        *[Block(f"<p>{each}</p>") for each in said],
        Block(f"<p><sub>{log_line(shown)} · {page}</sub></p>"),
    ]
    return build_page(parts, limit)


def _findings(shown: Shown) -> list[Part]:
    found = worst_first(shown)
    if not found:
        return []
    table = finding_table(shown, found, _FINDINGS, shown.links.run)
    return [Block(f"<h3>{count_findings(found)}</h3>"), table]
