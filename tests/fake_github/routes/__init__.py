"""What GitHub does, area by area. Importing this registers all of it."""

from fake_github.routes import (
    actions,
    checks,
    comments,
    commits,
    contents,
    deployments,
    environments,
    people,
    pulls,
    repository,
    rules,
    runs,
    scanning,
    settings,
    statuses,
)

AREAS = (
    actions,
    checks,
    comments,
    commits,
    contents,
    deployments,
    environments,
    people,
    pulls,
    repository,
    rules,
    runs,
    scanning,
    settings,
    statuses,
)
