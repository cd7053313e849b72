"""Build secrets: where the pipeline file says they are, and how a build is given them.

The file never holds one. BuildKit shows a secret to the instructions that mount it, and
keeps it in no layer.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.credential import NEVER_PASSED_ON
from sluicegate.stages.notify import SECRET
from sluicegate.stages.output import find_step, has_step
from sluicegate.stages.stage import Settings, StageContext

CA_SECRET = "sluicegate-ca"  # noqa: S105 - the name under which a Dockerfile mounts it

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_ID_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$"
_IS_SET = 'test -n "${%s:-}"'
_IS_READABLE = 'test -f "$0" && test -r "$0"'


class BuildSecret(Settings):
    """Where a build secret comes from: a variable of the host, or a file."""

    env: str | None = Field(
        None,
        pattern=f"^{_VARIABLE.pattern}$",
        description="Environment variable that holds it.",
    )
    file: str | None = Field(
        None,
        min_length=1,
        description="File that holds it: an absolute path, ~/..., or relative to the"
        " pipeline file.",
    )

    def path(self, context: StageContext) -> str | None:
        """The absolute path of the file, None if it is a variable."""
        if self.file is None:
            return None
        return locate(self.file, context.project, context.home)

    def option(self, secret: str, context: StageContext) -> str:
        """The argument that gives it to ``docker build`` as *secret*."""
        path = self.path(context)
        return secret_option(
            secret, f"env={self.env}" if path is None else f"src={path}"
        )

    def missing(self, secret: str, context: StageContext) -> PermanentError:
        """The error for one that is not there."""
        path = self.path(context)
        if path is not None:
            return PermanentError(
                f"the build secret {secret} is missing: there is no file {path} that"
                " this user may read",
                hint="put it there, or change `secrets:` of the stage",
            )
        return PermanentError(
            f"the build secret {secret} is missing: the environment variable {self.env}"
            " is not set",
            hint=f"export {self.env} first; in CI, set it from the CI's own secrets",
        )


def locate(file: str, project: str, home: str | None) -> str:
    """The absolute path that *file* of a pipeline file means.

    Raises:
        PermanentError: it is in a home folder that nobody knows.
    """
    if not file.startswith("~/"):
        return str(PurePosixPath(project, file))
    if home is None:
        raise PermanentError(f"where {file} is, is unknown: this user has no home")
    return str(PurePosixPath(home, file[2:]))


def secret_option(secret: str, source: str) -> str:
    """``--secret`` takes a line of CSV."""
    quoted = source.replace('"', '""')
    return (
        f'--secret=id={secret},"{quoted}"'
        if source != quoted or "," in source
        else (f"--secret=id={secret},{source}")
    )


def _check(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
    """Take one source and nothing else, and repeat nothing of what is there."""
    match value:
        case BuildSecret():
            return value
        case {"env": str(name)} if len(value) == 1:
            if NEVER_PASSED_ON.fullmatch(name):
                raise PydanticCustomError(
                    SECRET,
                    "{name} is for sluicegate alone and never given to a build: make"
                    " a token that can only read, and put it into another variable",
                    {"name": name},
                )
            if _VARIABLE.fullmatch(name):
                return value
        case {"file": str(path)} if len(value) == 1 and "\n" not in path:
            if path.strip() and (not path.startswith("~") or path.startswith("~/")):
                return value
    raise PydanticCustomError(
        SECRET,
        "must say where the secret is, and never what it is: {env: VARIABLE} or"
        " {file: ~/a/file}",
    )


def _check_id(value: str) -> str:
    if value == CA_SECRET:
        raise PydanticCustomError(
            SECRET, f"{CA_SECRET} is taken: it is the host's CA bundle"
        )
    return value


SecretId = Annotated[str, Field(pattern=_ID_PATTERN), BeforeValidator(_check_id)]
"""The name by which a Dockerfile mounts a secret."""

Source = Annotated[BuildSecret, BeforeValidator(_check)]
"""Where a secret comes from, without a word of what was written in its place."""


def check_steps(
    secrets: Mapping[str, BuildSecret], context: StageContext, base: Command
) -> tuple[Step, ...]:
    """Steps that fail where a secret is not there; *base* gives folder and time.

    A client of Docker builds without a secret whose variable is not set.
    """

    def step(name: str, secret: BuildSecret) -> Step:
        path = secret.path(context)
        argv = (
            ("sh", "-c", _IS_SET % secret.env)
            if path is None
            else ("sh", "-c", _IS_READABLE, path)
        )
        command = Command(argv, base.cwd, base.timeout, base.env)
        return Step(_step(name), command, quiet=True)

    return tuple(step(name, secret) for name, secret in sorted(secrets.items()))


def check_present(
    secrets: Mapping[str, BuildSecret],
    context: StageContext,
    results: Sequence[StepResult],
) -> None:
    """See to it that every secret was there.

    Raises:
        PermanentError: one was not; the build was not begun.
    """
    for name, secret in sorted(secrets.items()):
        if not has_step(results, _step(name)):
            raise PermanentError(f"nobody looked for the build secret {name}")
        if find_step(results, _step(name)).result.exit_code != 0:
            raise secret.missing(name, context)


def _step(secret: str) -> str:
    return f"secret {secret}"
