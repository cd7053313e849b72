"""A GitHub for tests: stateful, on a port, held against GitHub's own description.

    from fake_github import State, serve

    with serve(State()) as github:   # acme/shop; ann its admin, bob may write, eve
        sha = github.state.add_commit({"a.txt": b"a"})
        ...                          # GITHUB_API_URL is github.url
        ...                          # the token is github.token ("ghs_job")
        assert github.violations == []

Every request and answer is validated (openapi.json.gz; bodies of requests are closed):
a path, parameter, field or word that GitHub does not know is answered 422 or 404 and
is listed in ``github.violations``. ``github.exchanges`` and, of one operation,
``github.asked("checks/create")`` hold what was asked (method, path, body, headers) and
the status that was answered.

State (state.py): plain records, changed directly: ``state.repository`` (its ``runs``,
``checks``, ``statuses``, ``comments``, ``deployments``, ``sarifs``, ``environments``,
``rulesets``, ``settings``, ``collaborators`` ...), ``state.users``, ``state.tokens``,
``state.time``; with ``add_commit``, ``add_run``, ``add_pull``, ``add_environment``,
``add_artifact``, ``workflow``. ``state.repository.git_dir = Path(...)`` lets branches,
tags, commits and files be those of a git repository, at each request anew: push there,
also by force. Commits' accounts are found by the addresses in ``User.emails``.

Tokens: ``ghs_job`` (a job's, all permissions, github-actions[bot]), ``ghs_fork`` (of a
pull request from a fork: reads only), ``ghp_ann`` (may administer), ``ghp_bob``.
``state.tokens["x"] = Token("ann", {"checks": "read"})`` makes more. What a token lacks
is answered 403 with ``X-Accepted-GitHub-Permissions``; an unknown or expired one 401.

Faults (faults.py): ``github.faults.answer(503, times=2)``, ``.limit_rate()``,
``.limit_abuse(wait=30)``, ``.slow(0.5)``, ``.cut("before"|"within"|"after")``,
``.spoil()``, each by method and path.

Dispatch: ``serve(state, on_dispatch=f)`` calls ``f(github, run)`` in a thread for every
run that is dispatched (or run again); f sets ``run.status`` and ``run.conclusion``;
``github.join_dispatched()`` waits for it. ``run-name`` and ``inputs`` of the workflow's
file are followed.

As a process: ``PYTHONPATH=tests python -m fake_github --port 0 --state FILE``, see
__main__.py.
"""

from fake_github.app import Exchange
from fake_github.faults import Fault, Faults
from fake_github.server import JOB_TOKEN, FakeGitHub, serve
from fake_github.state import (
    ADMIN,
    BOT,
    FORK,
    WRITE_ALL,
    Job,
    Pull,
    Release,
    Repository,
    Review,
    Run,
    State,
    Token,
    User,
)

__all__ = [
    "ADMIN",
    "BOT",
    "FORK",
    "JOB_TOKEN",
    "WRITE_ALL",
    "Exchange",
    "FakeGitHub",
    "Fault",
    "Faults",
    "Job",
    "Pull",
    "Release",
    "Repository",
    "Review",
    "Run",
    "State",
    "Token",
    "User",
    "serve",
]
