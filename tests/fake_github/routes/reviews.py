"""Who lets runs into environments."""

from fake_github.call import Answer, Call, Refused, invalid
from fake_github.routes.runs import find_run
from fake_github.routes.shapes import WEB, Json, account, node, time
from fake_github.routing import route
from fake_github.state import Environment, Review


@route("actions/get-reviews-for-run", public=True, actions="read")
def reviews(call: Call) -> Answer:
    return Answer(
        200,
        [
            {
                "state": review.state,
                "comment": review.comment,
                "user": account(call, review.login),
                "environments": [
                    {**_place(call, name), "created_at": time(call.state.now())}
                    for name in review.environments
                ],
            }
            for review in find_run(call).reviews
        ],
    )


@route("actions/get-pending-deployments-for-run", public=True, actions="read")
def pending(call: Call) -> Answer:
    waiting = [_environment(call, name) for name in find_run(call).waiting]
    return Answer(
        200,
        [
            {
                "environment": _place(call, known.name),
                "wait_timer": known.wait_timer,
                "wait_timer_started_at": None,
                "current_user_can_approve": call.login in known.reviewers,
                "reviewers": [
                    {"type": "User", "reviewer": account(call, login)}
                    for login in known.reviewers
                ],
            }
            for known in waiting
        ],
    )


@route("actions/review-pending-deployments-for-run", deployments="write")
def review(call: Call) -> Answer:
    found = find_run(call)
    known = {
        each.id: each for each in (_environment(call, name) for name in found.waiting)
    }
    asked = call.body["environment_ids"]
    if unknown := [number for number in asked if number not in known]:
        raise invalid(f"No pending deployment requests to {unknown}")
    names = [known[number].name for number in asked]
    for number in asked:
        if call.login not in known[number].reviewers:
            raise Refused(422, "You are not allowed to review this deployment")
        if known[number].prevent_self_review and call.login == found.actor:
            raise Refused(422, "You cannot review your own deployment")
    state = call.body["state"]
    found.reviews.append(Review(names, state, call.body["comment"], call.login))
    found.waiting = [name for name in found.waiting if name not in names]
    if state == "rejected":
        found.status, found.conclusion = "completed", "failure"
    elif not found.waiting:
        found.status = "in_progress"
    return Answer(200, [])


def _environment(call: Call, name: str) -> Environment:
    for known in call.repository.environments:
        if known.name == name:
            return known
    return call.state.add_environment(name)


def _place(call: Call, name: str) -> Json:
    known = _environment(call, name)
    return {
        "id": known.id,
        "node_id": node("Environment", known.id),
        "name": name,
        "url": call.link("environments", name),
        "html_url": f"{WEB}/{call.repository.name}/deployments/{name}",
    }
