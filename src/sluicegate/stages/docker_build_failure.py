"""Why an image was not built: by the Dockerfile's fault, or by another's."""

import re

from sluicegate.errors import PermanentError
from sluicegate.model.command import CommandResult
from sluicegate.stages.output import describe_exit

_MAX_WORDS = 300

# The builder's last words when an instruction ran and failed; they quote it.
_COMMAND_FAILED = (
    "executor failed running",
    "did not complete successfully",
    "returned a non-zero code",
)
# What a builder says before it says what is wrong.
_PREAMBLE = re.compile(
    r"(?:ERROR: |failed to solve(?: with frontend \S+)?: |rpc error: code = \w+ desc = "
    r"|failed to create LLB definition: |Error response from daemon: )+"
)
_BASE_IMAGE = re.compile(
    r"^ > \[(?:\w+ )?internal\] load metadata for (\S+?):?$", re.MULTILINE
)
_NO_LOGIN = re.compile(
    r"unauthorized|authentication required|no basic auth credentials|access denied"
    r"|failed to (?:authorize|fetch (?:anonymous|oauth) token)|\b40[13] (?:Un|Fo)",
    re.IGNORECASE,
)
# The builder's last words when not the Dockerfile but something around it failed.
_NOT_A_JUDGEMENT = re.compile(
    r"cannot connect to the docker daemon|error during connect|permission denied while"
    r"|no space left on device|dial tcp|no such host|i/o timeout|tls handshake"
    r"|connection re(?:fused|set)|toomanyrequests|server misbehaving"
    r"|unexpected status.*5\d\d|context deadline exceeded|code = Unavailable"
    r"|error getting credentials|could not parse secrets|requires BuildKit",
    re.IGNORECASE,
)


def why_not_built(result: CommandResult) -> str:
    """The builder's last words.

    Raises:
        PermanentError: they say that the engine, the disk, the network or a login
            failed, which is no judgement on what was to be built.
    """
    text = result.stderr.decode(errors="replace")
    verdict = text.rpartition("------\n")[2].strip()  # after the repeated step's output
    is_command = any(words in verdict for words in _COMMAND_FAILED)
    words = _last_line(verdict) or _last_line(text) or "it said nothing"
    is_outside = _NOT_A_JUDGEMENT.search(verdict) or _NO_LOGIN.search(verdict)
    if result.exit_code < 0 or (not is_command and is_outside):
        raise PermanentError(
            f"docker build failed ({describe_exit(result)}): {words}",
            hint=_advise(text, verdict),
        )
    return f"not built ({describe_exit(result)}): {words}"


def _last_line(text: str) -> str:
    """The last line with anything in it, without what every such line begins with."""
    lines = (line.strip() for line in reversed(text.splitlines()))
    line = next((line for line in lines if line), "")
    return _PREAMBLE.sub("", line, count=1)[:_MAX_WORDS]


def _advise(text: str, verdict: str) -> str:
    """What to do when it was not the Dockerfile's fault."""
    bases = _BASE_IMAGE.findall(text)
    if _NO_LOGIN.search(verdict):
        return (
            f"log in to the registry of {bases[-1] if bases else 'the base image'} with"
            " `docker login`, or mend its name: builds use the Docker CLI's own"
            " credentials and credential helpers"
        )
    if not bases:
        return "this is not the Dockerfile's fault; is the Docker engine well?"
    return (
        f"the registry of the base image {bases[-1]} does not answer; name an image"
        " that the engine has: with `args:`, where the Dockerfile says ARG and"
        " FROM ${...}"
    )
