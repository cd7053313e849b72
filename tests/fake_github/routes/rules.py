"""Rulesets, and the rules that they put on a branch."""

from fnmatch import fnmatchcase

from fake_github.call import Answer, Call, not_found
from fake_github.routes.shapes import WEB, Json, time
from fake_github.routing import route
from fake_github.state import Repository


@route("repos/get-repo-rulesets", public=True, metadata="read")
def rulesets(call: Call) -> Answer:
    short = [
        {name: value for name, value in ruleset.items() if name not in _LONG}
        for ruleset in call.repository.rulesets
        if ruleset["target"] in call.query.get("targets", ruleset["target"]).split(",")
    ]
    return call.page(short)


@route("repos/get-repo-ruleset", public=True, metadata="read")
def ruleset(call: Call) -> Answer:
    number = int(call.path["ruleset_id"])
    for known in call.repository.rulesets:
        if known["id"] == number:
            return Answer(200, _shown(call, known))
    raise not_found()


@route("repos/create-repo-ruleset", administration="write")
def create(call: Call) -> Answer:
    number = call.state.take_number()
    now = time(call.state.now())
    web = f"{WEB}/{call.repository.name}/rules/{number}"
    made = {
        "target": "branch",
        "bypass_actors": [],
        "conditions": {},
        "rules": [],
        **call.body,
        "id": number,
        "node_id": "",
        "source": call.repository.name,
        "source_type": "Repository",
        "current_user_can_bypass": "never",
        "created_at": now,
        "updated_at": now,
        "_links": {
            "self": {"href": call.link("rulesets", number)},
            "html": {"href": web},
        },
    }
    call.repository.rulesets.append(made)
    return Answer(201, made)


@route("repos/get-branch-rules", public=True, metadata="read")
def of_branch(call: Call) -> Answer:
    return call.page(rules_of(call.repository, call.path["branch"]))


def rules_of(repository: Repository, branch: str) -> list[Json]:
    """The rules that stand on *branch*, whether or not it is there already."""
    return [
        {
            **rule,
            "ruleset_source_type": "Repository",
            "ruleset_source": repository.name,
            "ruleset_id": ruleset["id"],
        }
        for ruleset in repository.rulesets
        if ruleset["enforcement"] == "active"
        if ruleset["target"] == "branch" and _covers(repository, ruleset, branch)
        for rule in ruleset["rules"]
    ]


def _shown(call: Call, ruleset: Json) -> Json:
    """*ruleset*; who may go around it is told only to whom may change it."""
    level = "none" if call.token is None else call.token.permissions.get(_ADMIN)
    hidden = set() if level == "write" else {"bypass_actors"}
    return {name: value for name, value in ruleset.items() if name not in hidden}


_ADMIN = "administration"
_LONG = frozenset({"rules", "conditions", "bypass_actors"})


def _covers(repository: Repository, ruleset: Json, branch: str) -> bool:
    names = ruleset["conditions"].get("ref_name", {})
    return any(
        _matches(repository, pattern, branch) for pattern in names.get("include", ())
    ) and not any(
        _matches(repository, pattern, branch) for pattern in names.get("exclude", ())
    )


def _matches(repository: Repository, pattern: str, branch: str) -> bool:
    if pattern == "~ALL":
        return True
    if pattern == "~DEFAULT_BRANCH":
        return branch == repository.default_branch
    return fnmatchcase(f"refs/heads/{branch}", pattern)
