"""How GitHub spells what several answers hold. `filling` adds links and counts."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fake_github.call import Call
from fake_github.state import Commit, Repository, Run, Signature, User

WEB = "https://github.com"
Json = dict[str, Any]


def time(when: datetime | None) -> str | None:
    """*when* as GitHub writes it."""
    if when is None:
        return None
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node(kind: str, number: object) -> str:
    """A global id: opaque to everybody but GitHub."""
    return b64encode(f"{kind}:{number}".encode()).decode()


def account(call: Call, login: str | None) -> Json | None:
    """The user *login*, None if there is none (a ghost)."""
    user = call.state.users.get(login or "")
    return None if user is None else shown_user(call, user)


def shown_user(call: Call, user: User) -> Json:
    """A user, shortly."""
    is_app = user.type == "Bot"
    return {
        "login": user.login,
        "id": user.id,
        "node_id": node("User", user.id),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{user.id}",
        "url": f"{call.api}/users/{quote(user.login)}",
        "html_url": f"{WEB}/{'apps/' * is_app}{user.login.removesuffix('[bot]')}",
        "type": user.type,
        "site_admin": False,
    }


def owner(call: Call, repository: Repository) -> Json:
    """Whom a repository belongs to."""
    login = repository.owner
    user = call.state.users.get(login) or User(login, 500 + len(login))
    return shown_user(call, user)


def small_repository(call: Call, repository: Repository) -> Json:
    """A repository, shortly."""
    return {
        "id": repository.id,
        "node_id": node("Repository", repository.id),
        "name": repository.name.partition("/")[2],
        "full_name": repository.name,
        "owner": owner(call, repository),
        "private": repository.private,
        "fork": repository.fork,
        "html_url": f"{WEB}/{repository.name}",
        "url": f"{call.api}/repos/{repository.name}",
    }


def simple_commit(commit: Commit) -> Json:
    """A commit inside of something else."""
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": time(commit.committer.date),
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
    }


def signature(made: Signature) -> Json:
    """What a commit says of who made it."""
    return {"name": made.name, "email": made.email, "date": time(made.date)}


def shown_commit(call: Call, commit: Commit) -> Json:
    """A commit, with the accounts that GitHub finds by their addresses."""
    author = call.state.user_of(commit.author.email)
    committer = call.state.user_of(commit.committer.email)
    url = call.link("commits", commit.sha)
    return {
        "sha": commit.sha,
        "node_id": node("Commit", commit.sha),
        "url": url,
        "html_url": f"{WEB}/{call.repository.name}/commit/{commit.sha}",
        "comments_url": f"{url}/comments",
        "commit": {
            "author": signature(commit.author),
            "committer": signature(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": call.link("git/trees", commit.tree)},
            "url": call.link("git/commits", commit.sha),
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        },
        "author": None if author is None else shown_user(call, author),
        "committer": None if committer is None else shown_user(call, committer),
        "parents": [
            {"sha": sha, "url": call.link("commits", sha)} for sha in commit.parents
        ],
    }


def shown_run(call: Call, run: Run) -> Json:
    """A workflow run."""
    repository = call.repository
    commit = repository.commits.get(run.head_sha)
    home = small_repository(call, repository)
    head = call.state.repositories.get(run.head_repository or repository.name)
    url = call.link("actions/runs", run.id)
    return {
        "id": run.id,
        "name": run.title,
        "node_id": node("WorkflowRun", run.id),
        "check_suite_id": run.id,
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.path,
        "display_title": run.title,
        "run_number": run.run_number,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": run.workflow,
        "url": url,
        "html_url": f"{WEB}/{repository.name}/actions/runs/{run.id}",
        "pull_requests": [],
        "created_at": time(run.created_at),
        "updated_at": time(run.updated_at),
        "run_started_at": time(run.created_at),
        "actor": account(call, run.actor),
        "run_attempt": run.run_attempt,
        "triggering_actor": account(call, run.triggering_actor),
        "jobs_url": f"{url}/jobs",
        "workflow_url": call.link("actions/workflows", run.workflow),
        "head_commit": None if commit is None else simple_commit(commit),
        "repository": home,
        "head_repository": home if head is None else small_repository(call, head),
    }


def shown_app(call: Call, slug: str) -> Json:
    """The app of an installation."""
    return {
        "id": 15368,
        "slug": slug,
        "node_id": node("App", 15368),
        "owner": account(call, "acme"),
        "name": slug,
        "description": None,
        "external_url": WEB,
        "html_url": f"{WEB}/apps/{slug}",
        "created_at": "2018-07-30T09:30:17Z",
        "updated_at": "2024-04-10T20:33:16Z",
        "permissions": {"checks": "write"},
        "events": [],
    }
