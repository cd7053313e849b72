"""Judge who is given the log's key, and what else runs there. Pure."""

import re
from collections.abc import Iterator

from sluicegate.config.github.checkout import Checkout, is_expression, is_ours
from sluicegate.config.github.log_key_holders import INHERIT, TOPIC, Holder, holders
from sluicegate.config.github.log_key_secret import judge_secret
from sluicegate.config.github.workflow import Step
from sluicegate.model.host_check import HostCheck, Place, Standing
from sluicegate.model.host_settings import HostSettings

_RUNS_STAGES = frozenset({"", "run", "stages"})
_GITHUBS_OWN = "actions/"
# What a script may begin a command with and run nothing of the project.
_HARMLESS = re.compile(
    r"\s*((if|then|else|elif|!)\s+)*"
    r"($|#|(then|else)\s*$"
    r"|(fi|exit|echo|printf|true|mkdir|umask|docker log(in|out))(?![\w./-])|\[\[?\s)"
)
_RUNS_MORE = re.compile(r"\$\(|`|[<>]\(")


def judge_log_key(
    checkout: Checkout, settings: HostSettings | None
) -> Iterator[HostCheck]:
    """Who is given the key, what else runs there, and where the secret is kept."""
    found = list(holders(checkout))
    if not found:
        if checkout.workflows:
            yield HostCheck(
                TOPIC,
                Standing.NOTE,
                "no workflow is given the log's key",
                "runs there are judged and not recorded, and release nothing",
                "with: {log-key: ${{ secrets.SLUICE_LOG_KEY }}}  # in a job with"
                " `environment:`, which holds the secret",
            )
        return
    for holder in found:
        yield from _in_the_open(holder)
        if not holder.is_passed_on:
            yield from _company(holder)
            yield from judge_secret(holder, settings)
    yield HostCheck(
        TOPIC,
        Standing.NOTE,
        f"{len(found)} jobs are given it" if len(found) > 1 else "one job is given it",
        places=tuple(holder.place for holder in found),
    )


def _in_the_open(holder: Holder) -> Iterator[HostCheck]:
    if not is_expression(holder.key.text) and holder.key.text != INHERIT:
        yield HostCheck(
            TOPIC,
            Standing.PROBLEM,
            "the key is not read from a secret",
            "who can read the repository can write to the log",
            "sluice audit keys rotate --reason 'the key was in a file', then keep the"
            " new one in a secret",
            (holder.place,),
        )


def _company(holder: Holder) -> Iterator[HostCheck]:
    if holder.step is None and holder.job.uses is None:
        yield HostCheck(
            TOPIC,
            Standing.PROBLEM,
            f"every step of job {holder.job.name} has the key in its environment",
            "any of them, and whatever it runs, can write to the log",
            "move it to `with: {log-key: ...}` of the one step that records",
            (holder.place,),
        )
        return
    others = [
        Place(holder.workflow.path, step.line, _name(step))
        for step in holder.job.steps
        if step is not holder.step and not _is_harmless(step)
    ]
    if others:
        yield HostCheck(
            TOPIC,
            Standing.PROBLEM,
            f"job {holder.job.name} runs other code beside the log's key",
            "a step before it can change what it runs, a step of the same user can"
            " read its memory: the entries prove nothing then",
            "record in a job of its own: uses: OWNER/sluicegate/.github/workflows/"
            "sluice-record.yml@COMMIT",
            tuple(others),
        )
    step = holder.step
    if step is not None and step.uses is not None and _runs_stages(step):
        yield HostCheck(
            TOPIC,
            Standing.WARNING,
            f"job {holder.job.name} runs the project's own tests beside the log's key",
            "they run with a scrubbed environment, as the same user: code that means"
            " harm could still get at the runner",
            "the full set-up (`sluice init --github=full`) runs them in jobs without"
            " the key",
            (holder.place,),
        )


def _runs_stages(step: Step) -> bool:
    command = step.given.get("command")
    return (command.text.strip() if command else "") in _RUNS_STAGES


def _is_harmless(step: Step) -> bool:
    uses = step.uses
    if uses is not None:
        return uses.text.startswith(_GITHUBS_OWN) or is_ours(uses.text)
    script = step.runs.text if step.runs else ""
    commands = re.split(r"\n|;|&&|\|\||\s\|\s", script)
    is_plain = all(_HARMLESS.match(command) for command in commands)
    return is_plain and not _RUNS_MORE.search(script)


def _name(step: Step) -> str:
    if step.uses is not None:
        return step.uses.text
    return (step.runs.text.strip().splitlines() or [""])[0][:60] if step.runs else ""
