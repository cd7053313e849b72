"""What a runner of GitHub Actions makes of a step: the commands that it obeys.

Source:
    actions/runner, ``ActionCommand.cs`` (``::name properties::value`` at the beginning
    of a line, after white space; ``##[name properties]value`` anywhere in it) and
    ``ActionCommandManager.cs`` (``stop-commands``); ``FileCommandManager.cs`` for the
    form of the files.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

_NEW = re.compile(
    r"::(?P<name>[^ :]+)(?: (?P<properties>.*?))?::(?P<value>.*)", re.DOTALL
)
_OLD = re.compile(r"##\[(?P<name>[^ \]]+)(?: (?P<properties>[^\]]*))?\](?P<value>.*)")
_LINES = re.compile(r"\r\n|\r|\n")
FILES = ("OUTPUT", "STEP_SUMMARY", "ENV", "PATH", "STATE")


@dataclass(frozen=True)
class Obeyed:
    """A command that the runner obeyed."""

    name: str
    value: str = ""
    properties: dict[str, str] = field(default_factory=dict)


def obey(text: str) -> list[Obeyed]:
    """The commands in what a step wrote, those that stop and resume left out."""
    found, token = [], None
    for line in _LINES.split(text):
        command = _NEW.fullmatch(line.lstrip()) or _OLD.search(line)
        if command is None:
            continue
        if token is not None:
            token = None if command["name"] == token else token
        elif command["name"] == "stop-commands":
            token = command["value"]
        else:
            pairs = (
                part.partition("=") for part in (command["properties"] or "").split(",")
            )
            properties = {name: _plain(value) for name, _, value in pairs if name}
            found.append(Obeyed(command["name"], _plain(command["value"]), properties))
    assert token is None, "the step has left commands stopped"
    return found


def _plain(text: str) -> str:
    for code, mark in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r")):
        text = text.replace(code, mark)
    return text.replace("%25", "%")


@dataclass(frozen=True)
class Files:
    """The files of a step in *folder*, as the runner makes them and reads them."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "Files":
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (folder / name).write_text("")
        return cls(folder)

    @property
    def environ(self) -> dict[str, str]:
        return {f"GITHUB_{name}": str(self.folder / name) for name in FILES}

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs; a line that belongs to none is an error, as for the runner."""
        lines = iter(self.read("OUTPUT").splitlines())
        found: dict[str, str] = {}
        for line in lines:
            name, _, delimiter = line.partition("<<")
            if not delimiter:
                name, equals, value = line.partition("=")
                assert equals, f"not an output: {line!r}"
                found[name] = value
                continue
            held = []
            for inside in lines:
                if inside == delimiter:
                    break
                held.append(inside)
            else:
                raise AssertionError(f"{name} does not end")
            found[name] = "\n".join(held)
        return found


def event_file(folder: Path, event: str, commit: str, title: str = "a title") -> Path:
    """The event that a step runs for; a pull request comes from a fork."""
    here = {"id": 1, "default_branch": "main"}
    document: dict[str, object] = {"repository": here}
    if event == "pull_request":
        head = {"sha": commit, "repo": {"id": 2}}
        document["pull_request"] = {
            "number": 7,
            "title": title,
            "head": head,
            "base": {"repo": {"id": 1}},
        }
    path = folder / "event.json"
    path.write_text(json.dumps(document))
    return path
