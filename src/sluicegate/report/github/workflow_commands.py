"""What a step writes for its runner: commands on standard output, and outputs. Pure.

Traps:
    A runner takes a line for a command that begins with ``::`` after any white space,
    and any line that holds ``##[`` anywhere. So text from outside is never written but
    while commands are stopped (`stop_commands`), or as the value of a command.

Source:
    actions/toolkit, ``packages/core/src/command.ts`` for what is escaped, and
    ``file-command.ts`` for outputs; actions/runner, ``ActionCommand.cs`` for what is
    taken for a command, ``ActionCommandManager.cs`` for ``stop-commands``.
"""

from collections.abc import Iterator, Mapping

_SHORTEST_MASK = 4
_IN_VALUE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = {**_IN_VALUE, ":": "%3A", ",": "%2C"}


def format_command(
    name: str, value: str = "", properties: Mapping[str, str | int] | None = None
) -> str:
    """One line that the runner takes for the command *name*, without a line feed.

    *name* and the names of *properties* are ours; all else may be anything.
    """
    said = ",".join(
        f"{each}={_escape(str(text), _IN_PROPERTY)}"
        for each, text in (properties or {}).items()
        if text != ""
    )
    return f"::{name}{f' {said}' if said else ''}::{_escape(value, _IN_VALUE)}"


def mask_lines(secret: str) -> Iterator[str]:
    """The values of ``add-mask`` that hide *secret*: each of its lines.

    Not those that are everywhere, such as braces and the armour of keys.
    """
    for line in dict.fromkeys(line.strip() for line in secret.splitlines()):
        if len(line) >= _SHORTEST_MASK and not line.startswith("-----"):
            yield line


def stop_commands(token: str) -> str:
    """The line after which nothing is a command until `resume_commands` of *token*."""
    return format_command("stop-commands", token)


def resume_commands(token: str) -> str:
    """The line after which lines are commands again."""
    return format_command(token)


def format_outputs(outputs: Mapping[str, str], delimiter: str) -> str:
    """What is appended to the file in ``GITHUB_OUTPUT``.

    Args:
        outputs: values of one line, by names that are ours.
        delimiter: at random, so that no value can be its end.

    Raises:
        ValueError: a value has several lines, or holds what does not show.
    """
    for name, value in outputs.items():
        if (value and not value.isprintable()) or delimiter in value:
            raise ValueError(f"output {name} is not one line of text: {value!r}")
    return "".join(
        f"{name}<<{delimiter}\n{value}\n{delimiter}\n"
        for name, value in outputs.items()
    )


def _escape(text: str, marks: Mapping[str, str]) -> str:
    return "".join(marks.get(each, each) for each in text)
