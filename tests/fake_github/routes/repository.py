"""The repository itself, its branches and tags."""

from fake_github.call import Answer, Call, Refused, not_found
from fake_github.routes.rules import rules_of
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
from fake_github.state import Release, Repository


@route("repos/get", public=True, metadata="read")
def repository(call: Call) -> Answer:
    found = call.repository
    made = time(call.state.now())
    return Answer(
        200,
        {
            **small_repository(call, found),
            "default_branch": found.default_branch,
            "visibility": "private" if found.private else "public",
            "created_at": made,
            "updated_at": made,
            "pushed_at": made,
            "license": None,
            "topics": [],
            "permissions": _powers(call, found),
            "git_url": f"git://github.com/{found.name}.git",
            "ssh_url": f"git@github.com:{found.name}.git",
            "clone_url": f"{WEB}/{found.name}.git",
            "svn_url": f"{WEB}/{found.name}",
        },
    )


@route("repos/list-branches", public=True, contents="read")
def branches(call: Call) -> Answer:
    found = call.repository
    listed = [
        {
            "name": name,
            "commit": {"sha": sha, "url": call.link("commits", sha)},
            "protected": _is_protected(found, name),
        }
        for name, sha in sorted(found.branches.items())
    ]
    return call.page(listed)


@route("repos/get-branch", public=True, contents="read")
def branch(call: Call) -> Answer:
    found = call.repository
    name = call.path["branch"]
    if name not in found.branches:
        raise not_found()
    is_protected = _is_protected(found, name)
    url = call.link("branches", name)
    return Answer(
        200,
        {
            "name": name,
            "commit": shown_commit(call, found.commits[found.branches[name]]),
            "_links": {"html": f"{WEB}/{found.name}/tree/{name}", "self": url},
            "protected": is_protected,
            "protection": {"enabled": is_protected},
            "protection_url": f"{url}/protection",
        },
    )


@route("repos/get-branch-protection", administration="read")
def protection(call: Call) -> Answer:
    found = call.repository
    name = call.path["branch"]
    if name not in found.branches:
        raise Refused(404, "Branch not found")
    if name not in found.protections:
        raise Refused(404, "Branch not protected")
    return Answer(200, {"url": call.url, **found.protections[name]})


@route("repos/list-tags", public=True, contents="read")
def tags(call: Call) -> Answer:
    listed = [
        {
            "name": name,
            "commit": {"sha": sha, "url": call.link("commits", sha)},
            "node_id": node("Ref", name),
        }
        for name, sha in call.repository.tags.items()
    ]
    return call.page(listed)


@route("git/get-ref", public=True, contents="read")
def reference(call: Call) -> Answer:
    found = call.repository
    kind, _, name = call.path["ref"].partition("/")
    known = {"heads": found.branches, "tags": found.tags}.get(kind, {})
    if name not in known:
        raise not_found()
    sha = known[name]
    return Answer(
        200,
        {
            "ref": f"refs/{kind}/{name}",
            "node_id": node("Ref", name),
            "url": call.link("git/refs", kind, name),
            "object": {
                "type": "commit",
                "sha": sha,
                "url": call.link("git/commits", sha),
            },
        },
    )


@route("repos/list-releases", public=True, contents="read")
def releases(call: Call) -> Answer:
    found = reversed(call.repository.releases)
    return call.page([_release(call, release) for release in found])


@route("repos/get-release", public=True, contents="read")
def release(call: Call) -> Answer:
    number = int(call.path["release_id"])
    return _first(call, [r for r in call.repository.releases if r.id == number])


@route("repos/get-release-by-tag", public=True, contents="read")
def release_of_tag(call: Call) -> Answer:
    tag = call.path["tag"]
    return _first(call, [r for r in call.repository.releases if r.tag_name == tag])


@route("repos/get-latest-release", public=True, contents="read")
def latest(call: Call) -> Answer:
    known = reversed(call.repository.releases)
    return _first(call, [r for r in known if not (r.draft or r.prerelease)])


def _is_protected(found: Repository, branch: str) -> bool:
    return branch in found.protections or bool(rules_of(found, branch))


def _powers(call: Call, found: Repository) -> dict[str, bool]:
    """What the one who asks may do."""
    role = "none" if call.token is None else found.collaborators.get(call.login, "none")
    if call.token is not None and call.token.app is not None:
        role = call.token.permissions.get("contents", "none")
    return {
        "admin": role == "admin",
        "maintain": role in ("admin", "maintain"),
        "push": role in ("admin", "maintain", "write"),
        "triage": role in ("admin", "maintain", "write", "triage"),
        "pull": True,
    }


def _first(call: Call, found: list[Release]) -> Answer:
    if not found:
        raise not_found()
    return Answer(200, _release(call, found[0]))


def _release(call: Call, found: Release) -> Json:
    return {
        "id": found.id,
        "node_id": node("Release", found.id),
        "url": call.link("releases", found.id),
        "html_url": f"{WEB}/{call.repository.name}/releases/tag/{found.tag_name}",
        "tag_name": found.tag_name,
        "target_commitish": found.commit,
        "name": found.name,
        "body": found.body,
        "draft": found.draft,
        "prerelease": found.prerelease,
        "immutable": found.immutable,
        "created_at": time(found.created_at),
        "published_at": None if found.draft else time(found.created_at),
        "author": account(call, found.login),
        "assets": [],
    }
