"""Pull requests."""

from fake_github.call import Answer, Call, not_found
from fake_github.routes.commits import find_commit, history
from fake_github.routes.shapes import (
    WEB,
    Json,
    account,
    node,
    shown_commit,
    small_repository,
    time,
)
from fake_github.routing import route
from fake_github.state import Pull, Repository


@route("pulls/list", public=True, pull_requests="read")
def pulls(call: Call) -> Answer:
    wanted = call.query.get("state", "open")
    found = [
        pull
        for pull in reversed(call.repository.pulls)
        if wanted in ("all", pull.state)
        and call.query.get("base") in (None, pull.base_ref)
        and call.query.get("head") in (None, _label(pull))
    ]
    return call.page([_short(call, pull) for pull in found])


@route("pulls/get", public=True, pull_requests="read")
def get(call: Call) -> Answer:
    found = _find(call)
    shown = {
        **_short(call, found),
        "merged": found.merged_at is not None,
        "mergeable": None,
        "mergeable_state": "unknown",
        "changed_files": len(found.files),
    }
    return Answer(200, shown)


@route("pulls/list-files", public=True, pull_requests="read")
def files(call: Call) -> Answer:
    found = _find(call)
    home = f"{WEB}/{call.repository.name}/blob/{found.head_sha}"
    listed = [
        {
            "sha": found.head_sha,
            "filename": path,
            "status": "modified",
            "blob_url": f"{home}/{path}",
            "raw_url": f"{home}/{path}?raw=1",
            "contents_url": call.link("contents", path),
        }
        for path in found.files
    ]
    return call.page(listed)


@route("pulls/list-commits", public=True, pull_requests="read")
def commits(call: Call) -> Answer:
    found = _find(call)
    known = call.repository
    if found.head_sha not in known.commits:
        return call.page([])
    before = {commit.sha for commit in history(known, found.base_sha)}
    own = [c for c in history(known, found.head_sha) if c.sha not in before]
    return call.page([shown_commit(call, commit) for commit in reversed(own)])


@route(
    "repos/list-pull-requests-associated-with-commit",
    public=True,
    pull_requests="read",
)
def of_commit(call: Call) -> Answer:
    commit = find_commit(call.repository, call.path["commit_sha"])
    if commit is None:
        raise not_found()
    found = [
        pull
        for pull in call.repository.pulls
        if commit.sha in (pull.head_sha, pull.merge_commit_sha)
        or pull.number in commit.pulls
    ]
    return call.page([_short(call, pull) for pull in found])


def _find(call: Call) -> Pull:
    number = int(call.path["pull_number"])
    for pull in call.repository.pulls:
        if pull.number == number:
            return pull
    raise not_found()


def _label(pull: Pull) -> str:
    return f"{pull.head_repository.partition('/')[0]}:{pull.head_ref}"


def _short(call: Call, pull: Pull) -> Json:
    made = time(call.state.now())
    url = call.link("pulls", pull.number)
    issue = call.link("issues", pull.number)
    known = call.repository
    head = call.state.repositories.get(pull.head_repository, known)
    web = f"{WEB}/{known.name}/pull/{pull.number}"
    links = {
        "self": url,
        "html": web,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{url}/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": call.link("statuses", pull.head_sha),
    }
    return {
        "id": pull.id,
        "node_id": node("PullRequest", pull.id),
        "number": pull.number,
        "title": pull.title,
        "body": None,
        "state": pull.state,
        "user": account(call, pull.login),
        "head": _side(call, head, pull.head_ref, pull.head_sha),
        "base": _side(call, known, pull.base_ref, pull.base_sha),
        "created_at": made,
        "updated_at": made,
        "merged_at": time(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "author_association": "CONTRIBUTOR",
        "url": url,
        "html_url": web,
        "issue_url": issue,
        "commits_url": f"{url}/commits",
        "_links": {name: {"href": link} for name, link in links.items()},
    }


def _side(call: Call, repository: Repository, ref: str, sha: str) -> Json:
    made = time(call.state.now())
    return {
        "label": f"{repository.owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": account(call, repository.owner),
        "repo": {
            **small_repository(call, repository),
            "default_branch": repository.default_branch,
            "created_at": made,
            "updated_at": made,
            "pushed_at": made,
            "git_url": "",
            "ssh_url": "",
        },
    }
