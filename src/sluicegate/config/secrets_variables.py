"""Variables that no secret may go by: others set them, or they decide what is run."""

import re
from collections.abc import Iterator, Mapping

from sluicegate.model.credential import NEVER_PASSED_ON

_OWN = re.compile(r"SLUICEGATE_.*|TRACEPARENT|TRACESTATE")
_SYSTEM = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|PWD|OLDPWD|IFS|ENV|BASH_ENV|BASH_FUNC_.*|SHELLOPTS"
    r"|BASHOPTS|PS4|TERM|TZ|LANG|LANGUAGE|LC_.*|TMPDIR|TMP|TEMP|XDG_.*|CDPATH|EDITOR"
    r"|LD_.*|DYLD_.*|GCONV_PATH|MALLOC_.*|GLIBC_.*"
    r"|PYTHON.*|VIRTUAL_ENV|NODE_OPTIONS|PERL5(LIB|OPT|DB)|RUBY(OPT|LIB)|JAVA_TOOL_OPTIONS"
    r"|DOCKER_(HOST|CONFIG|CONTEXT|BUILDKIT|CERT_PATH|TLS|TLS_VERIFY|API_VERSION)"
    r"|BUILDKIT_.*|BUILDX_.*|KUBECONFIG"
    r"|GIT_(DIR|WORK_TREE|CONFIG.*|SSH|SSH_COMMAND|EXEC_PATH|ASKPASS|EDITOR|PAGER"
    r"|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|TEMPLATE_DIR)"
    r"|SSH_(ASKPASS|AUTH_SOCK)|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
    r"|CUDA_VISIBLE_DEVICES|NVIDIA_VISIBLE_DEVICES|HYPOTHESIS_STORAGE_DIRECTORY"
    r"|RUFF_OUTPUT_FORMAT|NO_COLOR|FORCE_COLOR|CI|GITHUB_.*|RUNNER_.*|ACTIONS_.*"
)


def refuse_variable(variable: str) -> str | None:
    """Why no stage can get a secret in *variable*, and what to do; None if it can."""
    if NEVER_PASSED_ON.fullmatch(variable):
        return (
            f"{variable} is for sluicegate alone, and no stage is given it: take"
            " another name"
        )
    if _OWN.fullmatch(variable):
        return f"{variable} is what sluicegate sets itself: take another name"
    if _SYSTEM.fullmatch(variable):
        return (
            f"{variable} decides how programs run, and is not for secrets: take another"
            " name"
        )
    return None


def refuse_source(path: str, logins: Mapping[str, str]) -> str | None:
    """Why the variable *path* of sluicegate's own environment is given to nobody.

    *logins* are the variables with which sluicegate itself logs in, and to what.
    """
    if NEVER_PASSED_ON.fullmatch(path):
        return (
            f"{path} is for sluicegate alone and never given to a stage: make a token"
            " that can only do what the stage must, and put it into another variable"
        )
    if path in logins:
        return f"{path} is how sluicegate logs in to {logins[path]}, and nobody else's"
    return None


def repeated(words: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Those of *words* that stand there before, and their places."""
    seen: set[str] = set()
    for index, word in enumerate(words):
        if word in seen:
            yield index, word
        seen.add(word)
