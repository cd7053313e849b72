"""Commits, how they descend from each other, and the pull requests they are in."""

from collections.abc import Iterator

from fake_github.call import Answer, Call, Refused, not_found
from fake_github.routes.shapes import WEB, shown_commit
from fake_github.routing import route
from fake_github.state import Commit, Repository

_SHORTEST = 7


def find_commit(repository: Repository, name: str) -> Commit | None:
    """The commit that *name* is: a branch, a tag, an id or enough of its beginning."""
    short = name.removeprefix("refs/").removeprefix("heads/").removeprefix("tags/")
    sha = repository.branches.get(short) or repository.tags.get(short) or name
    if sha in repository.commits:
        return repository.commits[sha]
    if len(sha) >= _SHORTEST:
        found = [c for s, c in repository.commits.items() if s.startswith(sha)]
        if len(found) == 1:
            return found[0]
    return None


def history(repository: Repository, sha: str) -> Iterator[Commit]:
    """The commit *sha* and all before it, children first."""
    waiting, seen = [sha], {sha}
    while waiting:
        commit = repository.commits[waiting.pop(0)]
        yield commit
        for parent in commit.parents:
            if parent not in seen and parent in repository.commits:
                seen.add(parent)
                waiting.append(parent)


@route("repos/get-commit", public=True, contents="read")
def commit(call: Call) -> Answer:
    name = call.path["ref"]
    found = find_commit(call.repository, name)
    if found is None:
        raise Refused(422, f"No commit found for SHA: {name}")
    shown = shown_commit(call, found)
    shown["stats"] = {"additions": 0, "deletions": 0, "total": 0}
    shown["files"] = []
    return Answer(200, shown)


@route("repos/list-commits", public=True, contents="read")
def commits(call: Call) -> Answer:
    repository = call.repository
    start = find_commit(repository, call.query.get("sha", repository.default_branch))
    if start is None:
        raise not_found()
    listed = history(repository, start.sha)
    return call.page([shown_commit(call, each) for each in listed])


@route("repos/compare-commits-with-basehead", public=True, contents="read")
def compare(call: Call) -> Answer:
    repository = call.repository
    before, dots, after = call.path["basehead"].partition("...")
    base, head = (find_commit(repository, name) for name in (before, after))
    if not dots or base is None or head is None:
        raise not_found()
    in_base = {c.sha: c for c in history(repository, base.sha)}
    in_head = {c.sha: c for c in history(repository, head.sha)}
    common = next((c for s, c in in_head.items() if s in in_base), None)
    if common is None:
        raise Refused(404, f"No common ancestor between {before} and {after}.")
    ahead = [c for s, c in in_head.items() if s not in in_base]
    behind = len([s for s in in_base if s not in in_head])
    words = {(0, 0): "identical", (1, 0): "ahead", (0, 1): "behind"}
    web = f"{WEB}/{repository.name}/compare/{before}...{after}"
    answer = call.page([shown_commit(call, c) for c in reversed(ahead)])
    answer.body = {
        "url": call.url,
        "html_url": web,
        "permalink_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "base_commit": shown_commit(call, base),
        "merge_base_commit": shown_commit(call, common),
        "status": words.get((min(len(ahead), 1), min(behind, 1)), "diverged"),
        "ahead_by": len(ahead),
        "behind_by": behind,
        "total_commits": len(ahead),
        "commits": answer.body,
        "files": [],
    }
    return answer
