"""What MLflow answers of models and their versions. Pure.

Source:
    https://mlflow.org/docs/latest/api_reference/rest-api.html, "Get RegisteredModel",
    "Get ModelVersion" and the data structures there; tried with MLflow 3.17.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sluicegate.errors import PermanentError, TransientError

_VERSION = re.compile(r"[1-9][0-9]{0,18}")
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,255}")
_MOST_SHOWN = 200  # characters


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is an error: MLflow's word for it, and what it says."""

    code: str
    message: str

    @property
    def is_absent(self) -> bool:
        """Whether MLflow itself, and no proxy before it, says that it is not there."""
        return self.code == "RESOURCE_DOES_NOT_EXIST"


def show(text: str) -> str:
    """*text* as one line of bounded length that no terminal obeys."""
    line = "".join(char if char.isprintable() else " " for char in text).strip()
    return line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}…"


def parse_refusal(body: bytes) -> Refusal:
    """Read an answer with a status of HTTP that is an error, whoever wrote it."""
    try:
        found = _object(body)
    except PermanentError:
        return Refusal("", show(body[:_MOST_SHOWN].decode(errors="replace")))
    code, message = found.get("error_code"), found.get("message")
    said = message if isinstance(message, str) else ""
    return Refusal(code if isinstance(code, str) else "", show(said))


def parse_alias(body: bytes, model: str, alias: str) -> str | None:
    """The version of *model* that is called *alias*, None if none is.

    Raises:
        PermanentError: it is no answer about that model.
    """
    found = _about(body, "registered_model", model)
    listed = found.get("aliases", [])
    if not isinstance(listed, list):
        raise _no_answer(body)
    versions = set()
    for each in listed:
        if not isinstance(each, dict) or not isinstance(each.get("alias"), str):
            raise _no_answer(body)
        if each["alias"] == alias:
            versions.add(_version(each.get("version"), body))
    if len(versions) > 1:
        raise PermanentError(f"MLflow names two versions of {model} as {alias}")
    return versions.pop() if versions else None


def parse_run(body: bytes, model: str, version: str) -> str:
    """The run that *version* of *model* stems from.

    Raises:
        TransientError: the version is not ready yet.
        PermanentError: it is no answer about that version, or it names no run.
    """
    found = _about(body, "model_version", model)
    if _version(found.get("version"), body) != version:
        raise _no_answer(body)
    status = found.get("status")
    if status == "PENDING_REGISTRATION":
        raise TransientError(f"version {version} of {model} is not ready yet")
    if status != "READY":
        raise PermanentError(f"version {version} of {model} is {show(str(status))}")
    run = found.get("run_id")
    if run is None or run == "":
        raise PermanentError(
            f"version {version} of {model} names no run",
            hint="register the model out of the run that logs the predictions",
        )
    if not isinstance(run, str) or not _RUN.fullmatch(run):
        raise _no_answer(body)
    return run


def _about(body: bytes, what: str, model: str) -> Mapping[str, object]:
    found = _object(body).get(what)
    if not isinstance(found, dict) or found.get("name") != model:
        raise _no_answer(body)
    return found


def _version(value: object, body: bytes) -> str:
    text = str(value) if isinstance(value, int | str) else ""
    if isinstance(value, bool) or not _VERSION.fullmatch(text):
        raise _no_answer(body)
    return text


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _no_answer(body) from error
    if not isinstance(found, dict):
        raise _no_answer(body)
    return found


def _no_answer(body: bytes) -> PermanentError:
    said = show(body[:_MOST_SHOWN].decode(errors="replace"))
    return PermanentError(
        f"this is no answer of MLflow's to the question: {said}",
        hint="does url: lead to an MLflow server?",
    )
