"""Issues and the comments on them and on pull requests."""

from fake_github.call import Answer, Call, invalid, not_found
from fake_github.routes.shapes import WEB, Json, account, node, shown_app, time
from fake_github.routing import route
from fake_github.state import Comment, Issue

MOST_BODY = 65_536  # characters


@route("issues/get", public=True, issues="read")
def issue(call: Call) -> Answer:
    found = _issue(call)
    made = time(call.state.now())
    url = call.link("issues", found.number)
    shown = {
        "id": found.id,
        "node_id": node("Issue", found.id),
        "number": found.number,
        "title": found.title,
        "body": found.body,
        "state": found.state,
        "user": account(call, found.login),
        "created_at": made,
        "updated_at": made,
        "closed_at": None,
        "url": url,
        "html_url": f"{WEB}/{call.repository.name}/issues/{found.number}",
        "comments_url": f"{url}/comments",
        "comments": sum(c.issue == found.number for c in call.repository.comments),
        "author_association": "CONTRIBUTOR",
    }
    if found.is_pull:
        pull = call.link("pulls", found.number)
        web = f"{WEB}/{call.repository.name}/pull/{found.number}"
        shown["pull_request"] = {
            "url": pull,
            "html_url": web,
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
        }
    return Answer(200, shown)


@route("issues/list-comments", instead="pull_requests", public=True, issues="read")
def of_issue(call: Call) -> Answer:
    number = _issue(call).number
    found = [c for c in call.repository.comments if c.issue == number]
    return call.page([_shown(call, comment) for comment in found])


@route("issues/create-comment", instead="pull_requests", issues="write")
def create(call: Call) -> Answer:
    comment = Comment(
        id=call.state.take_number(),
        issue=_issue(call).number,
        body=_body(call),
        login=call.login,
        created_at=call.state.now(),
        updated_at=call.state.now(),
        app=call.app,
    )
    call.repository.comments.append(comment)
    return Answer(201, _shown(call, comment))


@route("issues/get-comment", instead="pull_requests", public=True, issues="read")
def get(call: Call) -> Answer:
    return Answer(200, _shown(call, _find(call)))


@route("issues/update-comment", instead="pull_requests", issues="write")
def update(call: Call) -> Answer:
    comment = _find(call)
    comment.body = _body(call)
    comment.updated_at = call.state.now()
    return Answer(200, _shown(call, comment))


@route("issues/delete-comment", instead="pull_requests", issues="write")
def delete(call: Call) -> Answer:
    call.repository.comments.remove(_find(call))
    return Answer(204)


def _body(call: Call) -> str:
    body: str = call.body["body"]
    if not body.strip():
        raise invalid("Body cannot be blank", resource="IssueComment", field="body")
    if len(body) > MOST_BODY:
        message = f"body is too long (maximum is {MOST_BODY} characters)"
        raise invalid(message, resource="IssueComment", field="body")
    return body


def _issue(call: Call) -> Issue:
    number = int(call.path["issue_number"])
    for known in call.repository.issues:
        if known.number == number:
            return known
    raise not_found()


def _find(call: Call) -> Comment:
    number = int(call.path["comment_id"])
    for comment in call.repository.comments:
        if comment.id == number:
            return comment
    raise not_found()


def _shown(call: Call, comment: Comment) -> Json:
    home = f"{WEB}/{call.repository.name}/issues/{comment.issue}"
    return {
        "id": comment.id,
        "node_id": node("IssueComment", comment.id),
        "url": call.link("issues/comments", comment.id),
        "html_url": f"{home}#issuecomment-{comment.id}",
        "issue_url": call.link("issues", comment.issue),
        "body": comment.body,
        "user": account(call, comment.login),
        "created_at": time(comment.created_at),
        "updated_at": time(comment.updated_at),
        "author_association": "CONTRIBUTOR",
        "performed_via_github_app": comment.app and shown_app(call, comment.app),
    }
