"""Environments and what stands before them."""

from fake_github.call import Answer, Call, invalid, not_found
from fake_github.routes.shapes import WEB, Json, account, node, time
from fake_github.routing import route
from fake_github.state import BranchPolicy, Environment

MOST_REVIEWERS = 6


@route("repos/get-all-environments", public=True, actions="read")
def environments(call: Call) -> Answer:
    shown = [_shown(call, each) for each in call.repository.environments]
    return call.page(shown, "environments")


@route("repos/get-environment", public=True, actions="read")
def environment(call: Call) -> Answer:
    return Answer(200, _shown(call, _find(call)))


@route("repos/create-or-update-environment", administration="write")
def put(call: Call) -> Answer:
    body = call.body or {}
    name = call.path["environment_name"]
    known = [e for e in call.repository.environments if e.name == name]
    people = {user.id: user.login for user in call.state.users.values()}
    numbers = [reviewer.get("id") for reviewer in body.get("reviewers") or ()]
    if len(numbers) > MOST_REVIEWERS or not set(numbers) <= people.keys():
        raise invalid("reviewers: at most 6, and all of them known")
    made = known[0] if known else call.state.add_environment(name)
    made.reviewers = [people[number] for number in numbers]
    made.wait_timer = body.get("wait_timer", 0)
    made.prevent_self_review = body.get("prevent_self_review", False)
    policy = body.get("deployment_branch_policy")
    if policy is None:
        made.policy = None
    elif policy["protected_branches"] == policy["custom_branch_policies"]:
        raise invalid("protected_branches and custom_branch_policies must differ")
    else:
        made.policy = "protected" if policy["protected_branches"] else "custom"
    return Answer(200, _shown(call, made))


@route("repos/list-deployment-branch-policies", public=True, actions="read")
def branch_policies(call: Call) -> Answer:
    listed = [_policy(policy) for policy in _find(call).branch_policies]
    return call.page(listed, "branch_policies")


@route("repos/create-deployment-branch-policy", administration="write")
def create_branch_policy(call: Call) -> Answer:
    found = _find(call)
    if found.policy != "custom":
        raise not_found()
    kind = call.body.get("type", "branch")
    made = BranchPolicy(call.state.take_number(), call.body["name"], kind)
    if (made.name, made.type) in [(p.name, p.type) for p in found.branch_policies]:
        return Answer(303)
    found.branch_policies.append(made)
    return Answer(200, _policy(made))


@route("repos/get-all-deployment-protection-rules", public=True, actions="read")
def custom_rules(call: Call) -> Answer:
    rules = [
        {
            "id": number,
            "node_id": node("Gate", number),
            "enabled": True,
            "app": {
                "id": number,
                "node_id": node("App", number),
                "slug": slug,
                "integration_url": f"{call.api}/apps/{slug}",
            },
        }
        for number, slug in enumerate(_find(call).custom_rules, 1)
    ]
    body = {
        "total_count": len(rules),
        "custom_deployment_protection_rules": rules,
    }
    return Answer(200, body)


def _find(call: Call) -> Environment:
    for known in call.repository.environments:
        if known.name == call.path["environment_name"]:
            return known
    raise not_found()


def _policy(policy: BranchPolicy) -> Json:
    number = node("GateBranchPolicy", policy.id)
    return {
        "id": policy.id,
        "node_id": number,
        "name": policy.name,
        "type": policy.type,
    }


def _shown(call: Call, found: Environment) -> Json:
    made = time(found.created_at)
    return {
        "id": found.id,
        "node_id": node("Environment", found.id),
        "name": found.name,
        "url": call.link("environments", found.name),
        "html_url": f"{WEB}/{call.repository.name}/deployments/activity_log",
        "created_at": made,
        "updated_at": made,
        "can_admins_bypass": found.admins_can_bypass,
        "protection_rules": list(_rules(call, found)),
        "deployment_branch_policy": None
        if found.policy is None
        else {
            "protected_branches": found.policy == "protected",
            "custom_branch_policies": found.policy == "custom",
        },
    }


def _rules(call: Call, found: Environment) -> list[Json]:
    rules: list[Json] = []
    if found.wait_timer:
        rules.append({"type": "wait_timer", "wait_timer": found.wait_timer})
    if found.reviewers:
        rules.append(
            {
                "type": "required_reviewers",
                "prevent_self_review": found.prevent_self_review,
                "reviewers": [
                    {"type": "User", "reviewer": account(call, login)}
                    for login in found.reviewers
                ],
            }
        )
    if found.policy:
        rules.append({"type": "branch_policy"})
    for number, rule in enumerate(rules, 1):
        rule["id"] = found.id * 10 + number
        rule["node_id"] = node("GateRule", rule["id"])
    return rules
