"""The policy of an environment: the rules of a pipeline file and of all it extends.

Every file is a layer with people and groups of its own, and all of every layer must
hold, so that a file can tighten what another one asks for and loosen nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sluicegate.config.check import Checker, EnoughError
from sluicegate.config.credentials import check_credentials
from sluicegate.config.entry_gates import entry_fields, stages_before, stages_to
from sluicegate.config.entry_rules import check_order, check_people_of
from sluicegate.config.extends import Extended, Extending
from sluicegate.config.file import ReadPipeline, read_pipeline
from sluicegate.config.graph import find_circle
from sluicegate.config.layers import build_rules
from sluicegate.config.people import Who, check_who
from sluicegate.config.policy_digest import policy_digest
from sluicegate.config.shared import EVERY, SharedPolicy
from sluicegate.config.source import parse_source
from sluicegate.config.tree import Table, child
from sluicegate.errors import PipelineFileError, UsageError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.expression import ExpressionError
from sluicegate.gates.rules import Policy, Rules
from sluicegate.stages.environment import Environment
from sluicegate.stages.release_rules import ReleaseRules


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A file of rules. ``source`` is what people call it, the place included."""

    source: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Shared:
    source: str
    root: Table
    policy: SharedPolicy


def parse_policy(
    documents: Sequence[PolicyText], environment: str, branch: str, commit: str
) -> Policy:
    """Read all that judges a release into *environment*.

    Args:
        documents: the pipeline file, and after it every policy that it extends,
            directly or not, each once.
        environment: its name.
        branch: the protected branch, a whole ref name.
        commit: its tip, where the pipeline file was read.

    Raises:
        PipelineFileError: a file cannot be used.
        UsageError: the pipeline file has no such environment, no stage goes there, or
            a shared policy asks for what this pipeline does not have.
    """
    own, *others = documents
    read = read_pipeline(own.data, own.source)
    settings = environment_of(read, environment, own.source)
    if not stages_to(read.stages, environment):
        raise UsageError(
            f"no stage of {own.source} goes to {environment!r}",
            hint="what goes there is judged by the stages before it on the protected"
            " branch: merge the stage first",
        )
    shared = [_parse_shared(each) for each in others]
    _check_reachable(read, shared, environment)
    fields = entry_fields(read.stages, environment)
    conditions = tuple(
        compile_condition(each, fields, fields) for each in settings.gate
    )
    layers = [
        build_rules(own.source, read.document, settings, conditions),
        *(rules for each in shared for rules in _layers(each, read, environment)),
    ]
    gates = {
        name: read.pipeline.stage(name).gate.conditions
        for name in stages_before(read.stages, environment)
    }
    kinds = {name: read.stages.kinds[name].uses for name in gates}
    return Policy(
        environment=environment,
        layers=tuple(layers),
        digest=policy_digest(
            environment,
            [read.root, *(each.root for each in shared)],
            {name: (kinds[name], gates[name]) for name in gates},
        ),
        branch=branch,
        commit=commit,
        baseline=settings.baseline,
        definition=read.pipeline.definition,
        stages=gates,
    )


def read_extended(document: PolicyText) -> tuple[Extended, ...]:
    """The policies that *document*, a pipeline file or a shared policy, extends.

    Raises:
        PipelineFileError: it cannot be told.
    """
    checker = Checker(parse_source(document.data, document.source))
    found = checker.read_part(Extending)
    _raise_problems(checker, document.source)
    assert found is not None
    return found.extends


def environment_of(read: ReadPipeline, environment: str, source: str) -> Environment:
    """The settings of *environment*.

    Raises:
        UsageError: there is none of that name.
    """
    found = read.document.environments.get(environment)
    if found is None:
        raise UsageError(
            f"{source} has no environment {environment!r}",
            hint="where releases go, and who must approve them, is what the protected"
            " branch says: merge it there first",
        )
    return found


def _parse_shared(document: PolicyText) -> _Shared:
    root = parse_source(document.data, document.source)
    checker, policy = Checker(root), None
    with suppress(EnoughError):  # that many say that it cannot be used
        check_credentials(checker)
        policy = checker.read(SharedPolicy, ())
        _check_shared(checker, checker.root)
    _raise_problems(checker, document.source)
    assert policy is not None
    return _Shared(document.source, root, policy)


def _check_shared(checker: Checker, root: Table) -> None:
    who = checker.read_part(Who)
    if who is not None:
        check_who(checker, who)
    table = child(root, "environments")
    read = {}
    for name in table.entries if isinstance(table, Table) else ():
        path = ("environments", name)
        rules = checker.read_part(ReleaseRules, path)
        if rules is not None and who is not None:
            check_people_of(checker, who, path, rules)
        if rules is not None:
            read[name] = rules
        if rules is not None and name == EVERY and rules.after:
            message = "every environment cannot come after one of them: name them"
            checker.report((*path, "after"), message)
    named = {name: rules for name, rules in read.items() if name != EVERY}
    known = {other: None for rules in named.values() for other in rules.after}
    check_order(checker, named, {**named, **known})


def _layers(shared: _Shared, read: ReadPipeline, environment: str) -> Iterator[Rules]:
    """What *shared* asks of *environment*: what it says of each, and of this one.

    Raises:
        PipelineFileError: a condition reads what this pipeline does not find.
    """
    fields = entry_fields(read.stages, environment)
    checker = Checker(shared.root)
    asked = shared.policy.environments
    for name in [each for each in (EVERY, environment) if each in asked]:
        rules = asked[name]
        conditions = []
        for index, text in enumerate(rules.gate):
            try:
                conditions.append(compile_condition(text, fields, fields))
            except ExpressionError as error:
                path = ("environments", name, "gate", index)
                checker.report(path, f"{text!r}: {error}")
        # What a file says of every environment is a layer of its own.
        source = f'"{EVERY}" of {shared.source}' if name == EVERY else shared.source
        yield build_rules(source, shared.policy, rules, tuple(conditions))
    if asked.keys().isdisjoint((EVERY, environment)):  # it still knows who is who
        yield build_rules(shared.source, shared.policy, ReleaseRules(), ())
    _raise_problems(
        checker,
        shared.source,
        f"it judges what the stages before {environment} find: give the pipeline a"
        " stage of that name that finds it",
    )


def _check_reachable(
    read: ReadPipeline, shared: Sequence[_Shared], environment: str
) -> None:
    """Refuse an order that no release could keep.

    Raises:
        UsageError: *environment* comes after what is not there, or after itself.
    """
    known = read.document.environments
    needs: dict[str, tuple[str, ...]] = dict.fromkeys(known, ())
    for name in known:
        own = [("the pipeline file", known[name])]
        asked = [(each.source, each.policy.environments.get(name)) for each in shared]
        for source, rules in (*own, *asked):
            for other in rules.after if rules is not None else ():
                if other not in known and name == environment:
                    raise UsageError(
                        f"{source} wants {name} after {other}, and there is no"
                        f" environment {other}",
                        hint="add it to the pipeline file",
                    )
                if other in known and other != name:
                    needs[name] = (*needs[name], other)
    circle = find_circle(needs)
    if environment in circle:
        raise UsageError(
            f"environments {', '.join(circle)} wait for each other",
            hint="see `after` in the pipeline file and in what it extends",
        )


def _raise_problems(checker: Checker, source: str, hint: str | None = None) -> None:
    problems = [each.render(source) for each in checker.problems]
    if problems:
        raise PipelineFileError(problems, hint=hint)
