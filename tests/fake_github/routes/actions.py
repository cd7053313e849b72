"""Workflows and what starts them by hand."""

import re
from typing import Any

import yaml

from fake_github.call import Answer, Call, Refused, invalid, not_found
from fake_github.description import JsonValue
from fake_github.git_folder import read_files
from fake_github.routes.commits import find_commit
from fake_github.routes.shapes import WEB, Json, node, time
from fake_github.routing import route
from fake_github.state import Commit, Workflow

_INPUT = re.compile(r"\$\{\{\s*(?:github\.event\.)?inputs\.([\w-]+)\s*\}\}")


def find_workflow(call: Call) -> Workflow:
    """The workflow that the path names, by its number or its file's name."""
    name = call.path["workflow_id"]
    _learn_workflows(call)
    for known in call.repository.workflows:
        if name in (str(known.id), known.path.rpartition("/")[2]):
            return known
    raise not_found()


@route("actions/list-repo-workflows", public=True, actions="read")
def workflows(call: Call) -> Answer:
    _learn_workflows(call)
    shown = [_shown(call, known) for known in call.repository.workflows]
    return call.page(shown, "workflows")


@route("actions/get-workflow", public=True, actions="read")
def workflow(call: Call) -> Answer:
    return Answer(200, _shown(call, find_workflow(call)))


@route("actions/create-workflow-dispatch", actions="write")
def dispatch(call: Call) -> Answer:
    known = find_workflow(call)
    repository = call.repository
    commit = find_commit(repository, call.body["ref"])
    if commit is None:
        raise Refused(422, f"No ref found for: {call.body['ref']}")
    if known.state != "active":
        raise Refused(
            422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow"
        )
    document = _document(call, known, commit)
    inputs = _inputs(document, call.body.get("inputs", {}))
    title = _INPUT.sub(
        lambda found: inputs.get(found[1], ""), str(document.get("run-name") or "")
    )
    branch = call.body["ref"].removeprefix("refs/heads/")
    run = call.state.add_run(
        known.path,
        title=title.strip() or known.name,
        actor=call.login,
        branch=branch,
        sha=commit.sha,
        status="queued",
        conclusion=None,
        inputs=inputs,
    )
    call.dispatched.append(run)
    if not call.body.get("return_run_details"):
        return Answer(204)
    return Answer(
        200,
        {
            "workflow_run_id": run.id,
            "run_url": call.link("actions/runs", run.id),
            "html_url": f"{WEB}/{repository.name}/actions/runs/{run.id}",
        },
    )


def _document(call: Call, known: Workflow, commit: Commit) -> Json:
    """The workflow's file at *commit*, which must take dispatches."""
    data = read_files(call.repository, commit).get(known.path)
    if data is None:
        raise not_found()
    document: Json = yaml.load(data, Loader=yaml.BaseLoader)  # noqa: S506 - texts only
    triggers = document.get("on", {})
    if "workflow_dispatch" not in triggers:
        raise Refused(422, "Workflow does not have 'workflow_dispatch' trigger")
    return document


def _inputs(document: Json, given: dict[str, Any]) -> dict[str, str]:
    """The inputs of a dispatch, after the workflow's own declarations."""
    triggers = document["on"]
    trigger = triggers["workflow_dispatch"] if isinstance(triggers, dict) else None
    declared = (trigger or {}).get("inputs") or {} if isinstance(trigger, dict) else {}
    if unknown := sorted(given.keys() - declared.keys()):
        raise Refused(422, f"Unexpected inputs provided: {unknown}")
    made = {}
    for name, about in declared.items():
        value = given.get(name, (about or {}).get("default"))
        if value in (None, "") and (about or {}).get("required") == "true":
            raise Refused(422, f"Required input '{name}' not provided")
        options = (about or {}).get("options")
        if options and value is not None and value not in options:
            raise Refused(
                422,
                f"Provided value '{value}' for input '{name}' not in the list of "
                "allowed values",
            )
        made[name] = _text(value)
    return made


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid(f"inputs must be strings, this is {value!r}")
    return value


def _learn_workflows(call: Call) -> None:
    """Know the files on the default branch, as GitHub does."""
    repository = call.repository
    tip = repository.branches.get(repository.default_branch)
    if tip is None:
        return
    for path, data in sorted(read_files(repository, repository.commits[tip]).items()):
        if re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", path):
            named = re.search(rb"^name:\s*(.+?)\s*$", data, re.MULTILINE)
            known = call.state.workflow(path)
            known.name = named[1].decode().strip("'\"") if named else path


def _shown(call: Call, known: Workflow) -> Json:
    made = time(call.state.now())
    home = f"{WEB}/{call.repository.name}"
    return {
        "id": known.id,
        "node_id": node("Workflow", known.id),
        "name": known.name,
        "path": known.path,
        "state": known.state,
        "created_at": made,
        "updated_at": made,
        "url": call.link("actions/workflows", known.id),
        "html_url": f"{home}/blob/{call.repository.default_branch}/{known.path}",
        "badge_url": f"{home}/workflows/{known.name}/badge.svg",
    }
