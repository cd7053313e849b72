"""What is to be approved, and how, for whoever may do it. Pure."""

import re
from collections.abc import Iterator

from sluicegate.report.champions import champion_line
from sluicegate.report.github.page import Block
from sluicegate.report.github.shown import Asked, Links
from sluicegate.report.github.text import code, link, words
from sluicegate.report.moment import format_moment
from sluicegate.report.request import Given, Standing

_WORKFLOW = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\.ya?ml")
_LINES = 12  # of what is missing, was said or is unusual
_SAID = {"approve": "yes", "reject": "no", "override": "override"}


def approval_blocks(asked: Asked, links: Links) -> list[Block]:
    """The request, what is missing, and the commands that answer it."""
    blocks = [Block("\n".join(_head(asked)))]
    blocks += [_caution(asked)] if asked.view.unusual else []
    if asked.view.standing is Standing.OPEN:
        blocks += _ways(asked, links)
    return blocks


def _head(asked: Asked) -> Iterator[str]:
    view, request = asked.view, asked.view.request
    what = "Roll back to" if request.rollback else "Release"
    name, place = code(request.release, 80), code(request.environment, 80)
    yield f"<h3>{what} {name} into {place}?</h3>"
    changed = len(request.changes)
    commits = "1 commit" if changed == 1 else f"{changed:,} commits".replace(",", " ")
    since = f" since {code(request.live.name, 80)}" if request.live else ""
    yield f"<p>It brings {commits}{since}."
    yield f"Asked at {format_moment(request.created)};"
    yield f"an answer counts until {format_moment(request.expires)}.</p>"
    for end in view.stages:
        champion = champion_line(end)
        if champion is not None:
            yield f"<p>{code(end.stage, 64)}: {words(champion)}</p>"
    if view.standing is not Standing.OPEN:
        because = f": {words(view.because)}" if view.because else ""
        yield f"<p><b>This request is {view.standing.value}{because}</b></p>"
        return
    lines = [_said(each) for each in view.answers[:_LINES]]
    lines += _more(len(view.answers))
    lines += [f"<li>missing: {words(each)}</li>" for each in view.missing[:_LINES]]
    lines += _more(len(view.missing))
    if lines:
        yield "\n".join(("<ul>", *lines, "</ul>"))


def _more(number: int) -> list[str]:
    return [f"<li>and {number - _LINES} more</li>"] if number > _LINES else []


def _said(given: Given) -> str:
    flaw = f" (does not count: {words(given.flaw)})" if given.flaw else ""
    waits = " (not taken in yet)" if given.waits else ""
    why = f": {words(given.reason)}" if given.reason.strip() else ""
    said = _SAID[given.answer.value]
    return f"<li>{code(given.who, 120)} said {said}{why}{flaw}{waits}</li>"


def _caution(asked: Asked) -> Block:
    lines = [f"> <li>{words(each)}</li>" for each in asked.view.unusual[:_LINES]]
    lines += [f"> {each}" for each in _more(len(asked.view.unusual))]
    head = ("> [!CAUTION]", "> Unusual in this release:", "> <ul>")
    return Block("\n".join((*head, *lines, "> </ul>")))


def _ways(asked: Asked, links: Links) -> Iterator[Block]:
    workflow, request = links.approve, asked.view.id
    reason = " \\\n  -f reason='...'" if asked.needs_reason else ""
    if "dispatch" in asked.by and workflow and _WORKFLOW.fullmatch(workflow):
        page = link(f"Run <code>{workflow}</code>", links.page_of(workflow))
        service = (
            f" \\\n  -f service={asked.view.service}" if asked.view.service else ""
        )
        yield Block(
            f"<p><b>To approve</b>, {page} with this request, and with"
            " <code>approve</code> or <code>reject</code>; or say</p>"
        )
        yield Block(
            "```sh\n"
            f"gh workflow run {workflow} -f decision=approve \\\n"
            f"  -f request={request.hex}{service}{reason}\n"
            "```"
        )
    if "comment" in asked.by and not asked.needs_reason:  # it has no room for one
        yield Block("<p>or comment on an issue or a pull request, exactly</p>")
        yield Block(f"```text\n/sluice approve {request.hex}\n```")
    if "signature" in asked.by or not asked.by:
        first = "or" if "dispatch" in asked.by else "<b>To approve</b>,"
        yield Block(f"<p>{first} sign it, in a clone of the repository</p>")
        why = " --reason '...'" if asked.needs_reason else ""
        yield Block(f"```sh\nsluice approve {request.short}{why}\n```")
