"""The files that a repository on GitHub gets, from templates. Pure."""

import enum
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sluicegate.detect.github.filling import Filling, fill
from sluicegate.detect.github.secret_needs import NO_SECRETS, SecretNeeds
from sluicegate.detect.github.setup import DEFAULT_REF, Destination, Setup

ACTION = "sluicegate/sluicegate"
"""The repository of the Action."""

CHECKOUT = "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
"""``actions/checkout``, pinned: what the templates use besides the Action."""

UNPINNED = "0" * 40
"""Stands for a commit that is not known: GitHub finds none, and runs nothing."""

WORKFLOWS = ".github/workflows"
RULESET = ".github/rulesets/sluicegate-audit.json"
OWN_REGISTRY = "ghcr.io"
"""The registry that takes the token of a workflow run."""

_NO_SERVICE = '""'
_CONTEXT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@/-]*")


@enum.unique
class Mode(enum.Enum):
    """How much is set up; the values are those of ``sluice init --github``."""

    STEP = "step"
    FULL = "full"
    MONOREPO = "monorepo"


@dataclass(frozen=True, slots=True)
class GithubFile:
    """A file to write, its path from the repository's root."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is written for whom.

    Attributes:
        mode: how much.
        setups: the pipelines, at least one.
        has_files: whether they are in files; a single one can be found in each run.
        branch: the protected branch, without ``refs/heads/``.
        commit: of the Action, whole; None where this version has none that is known.
        version: of the Action.
        owners: accounts and teams who review what decides, each with its ``@``.
    """

    mode: Mode
    setups: Sequence[Setup]
    has_files: bool
    branch: str
    commit: str | None
    version: str
    owners: Sequence[str] = ()
    several: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "several", any(one.service for one in self.setups))

    @property
    def refs(self) -> tuple[str, ...]:
        """The refs that hold logs, or are the usual ones where none are yet."""
        return tuple(one.log for one in self.setups if one.log is not None) or (
            DEFAULT_REF,
        )

    @property
    def has_rules(self) -> bool:
        """Whether there is a branch to protect: one step may have none yet."""
        return self.mode is not Mode.STEP or any(one.log for one in self.setups)


def build_github_files(
    plan: Plan, templates: Mapping[str, str]
) -> tuple[GithubFile, ...]:
    """The files of *plan*.

    Args:
        plan: what is written for whom.
        templates: the texts of ``templates/github``, by name.
    """
    whole = _whole(plan)

    def make(path: str, template: str, filling: Filling = whole) -> GithubFile:
        return GithubFile(path, fill(templates[template], filling))

    def per_service(name: str, template: str) -> Iterator[GithubFile]:
        for setup in plan.setups:
            path = f"{WORKFLOWS}/{name}{_dash(setup)}.yml"
            yield make(path, template, whole.inside(_service(setup, path)))

    if plan.mode is Mode.STEP:
        return (
            *per_service("sluicegate", "step.yml"),
            make(".github/dependabot.yml", "dependabot.yml"),
            *((make(RULESET, "ruleset.json"),) if plan.has_rules else ()),
        )
    released = any(setup.destinations for setup in plan.setups)
    names = ("approve", "rollout", "audit") if released else ("audit",)
    return (
        *per_service("release", "release.yml"),
        *(make(f"{WORKFLOWS}/{name}.yml", f"{name}.yml") for name in names),
        make(".github/dependabot.yml", "dependabot.yml"),
        make(".github/CODEOWNERS", "CODEOWNERS"),
        make(RULESET, "ruleset.json"),
        make(".github/allowed_signers", "allowed_signers"),
    )


def _whole(plan: Plan) -> Filling:
    """What is the same in all services, and the list of those that are released."""
    services = [_service(one) for one in plan.setups]
    released = [
        filling
        for filling, one in zip(services, plan.setups, strict=True)
        if one.destinations
    ]
    names = [one.service for one in plan.setups if one.destinations]
    decides = (*(one.config for one in plan.setups), ".github/")
    return Filling(
        words={
            "action": ACTION,
            "pin": f"{plan.commit or UNPINNED} # v{plan.version}",
            "checkout": CHECKOUT,
            "branch": plan.branch,
            "mode": plan.mode.value,
            "name": DEFAULT_REF.rpartition("/")[2],
            "refs": json.dumps(plan.refs),
            "services": f"[{', '.join(names)}]",
            "services_or_none": f"[{', '.join((_NO_SERVICE, *names))}]",
        },
        blocks={
            "service": services,
            "released": released,
            "several": plan.several,
            "config": plan.has_files,
            "no_config": not plan.has_files,
            "any_foreign_registry": any(map(_is_foreign, plan.setups)),
            "unowned": not plan.owners,
            "owned": [
                Filling(
                    {
                        "path": f"{'' if plan.owners else '# '}/{path}",
                        "owners": " ".join(plan.owners or ("@OWNER",)),
                    }
                )
                for path in decides
            ],
        },
    )


def _service(setup: Setup, workflow: str = "") -> Filling:
    jobs = _jobs(setup)
    names = [job.words["job"] for job in jobs]
    return Filling(
        words={
            "service": setup.service,
            "dash_service": _dash(setup),
            "config": setup.config,
            "secret": setup.secret,
            "key_environment": setup.key_environment,
            "jobs": ", ".join(names),
            "first": names[0] if names else "",
            "image": setup.image or "",
            "login": _login(setup),
            "registry": setup.registry,
            "paths": json.dumps([*setup.paths, workflow]),
        },
        blocks={
            "job": jobs,
            "paths": bool(setup.paths),
            "publish": setup.image is not None,
            "own_registry": setup.registry == OWN_REGISTRY,
            "foreign_registry": _is_foreign(setup),
            "next": not setup.destinations,
            "login": bool(_login(setup)),
            "given": _given(setup.rollout_needs),
            "gate": _gates(setup),
            "environment": [_environment(each, setup) for each in setup.destinations],
        },
    )


def _gates(setup: Setup) -> Sequence[Filling]:
    """The job that judges every change; of a change that is only asked for, less of it.

    Who asks for a pull request has written its code, and may be a stranger: a job that
    runs it gets neither a secret nor the means to log in.
    """
    needs = setup.needs
    push = Filling({"gate": "gate"}, {"identity": needs.has_identity})
    if not needs.stages:
        return (push.inside(_lent(needs, "", ())),)
    other = Filling({"gate": "pull-request"}, {"identity": False})
    gates = [push.inside(_lent(needs, "github.event_name != 'pull_request'", ()))]
    if setup.without_secrets:
        condition = "github.event_name == 'pull_request'"
        lent = _lent(NO_SECRETS, condition, setup.without_secrets)
        gates.append(other.inside(lent))
    return gates


def _lent(needs: SecretNeeds, condition: str, stages: Sequence[str]) -> Filling:
    return Filling(
        {
            "condition": condition,
            "stages": ",".join(stages),
            "extras": ", ".join(needs.extras),
        },
        {
            "condition": bool(condition),
            "some_stages": bool(stages),
            "extras": bool(needs.extras),
            "lent": bool(needs.given),
            "given": _given(needs),
        },
    )


def _given(needs: SecretNeeds) -> Sequence[Filling]:
    return [Filling({"variable": name}) for name in needs.given]


def _login(setup: Setup) -> str:
    """What a rollout logs in to with its identity; "" if to nothing."""
    places = []
    if any(each.is_reached for each in setup.destinations):
        places.append("the cloud of the cluster")
    if setup.rollout_needs.has_identity:
        places.append("who keeps secrets")
    return " and ".join(places)


def _environment(place: Destination, setup: Setup) -> Filling:
    """The job that goes on with what waits for *place*, and where it runs.

    It runs where it serves, in its own cluster, or anywhere.
    """
    is_inside = place.in_cluster and place.context is None
    return Filling(
        {
            "environment": place.name,
            "runner": "self-hosted" if place.is_here or is_inside else "ubuntu-24.04",
            "context": _as_comment(place.context or ""),
            "extras": ", ".join(
                (
                    "kubernetes" if place.in_cluster else "traefik",
                    *setup.rollout_needs.extras,
                )
            ),
        },
        {
            "here": place.is_here,
            "reached": place.is_reached,
            "login": place.is_reached or setup.rollout_needs.has_identity,
            "env": setup.image is not None or bool(setup.rollout_needs.given),
            "ssh": not place.is_here and not place.in_cluster,
        },
    )


def _as_comment(context: str) -> str:
    """The name of a context, where it means nothing to YAML and to a shell."""
    return context if _CONTEXT.fullmatch(context) else "CONTEXT"


def _jobs(setup: Setup) -> tuple[Filling, ...]:
    """The jobs that hand over, each after the one before it."""
    found = [
        (name, stages)
        for name, stages in (
            ("test", setup.test),
            ("build", setup.build),
            ("scan", setup.scan),
        )
        if stages
    ]
    return tuple(
        Filling(
            {
                "job": name,
                "stages": ",".join(stages),
                "build_stages": ",".join(setup.build),
                "before": found[place - 1][0] if place else "",
            },
            {"after": place > 0, "scans_image": name == "scan" and bool(setup.build)},
        )
        for place, (name, stages) in enumerate(found)
    )


def _is_foreign(setup: Setup) -> bool:
    return setup.registry not in {"", OWN_REGISTRY}


def _dash(setup: Setup) -> str:
    return f"-{setup.service}" if setup.service else ""
