"""Judge whether jobs can log in to who keeps secrets, and nobody else can. Pure."""

from collections.abc import Iterator, Sequence

from sluicegate.config.github.identity_uses import IdentityUse
from sluicegate.config.github.secret_jobs import SecretJob
from sluicegate.config.github.subject_forms import SubjectForms, subject_forms
from sluicegate.config.github.token_bindings import subjects_of
from sluicegate.model.host_check import HostCheck, Place, Standing
from sluicegate.model.host_settings import Unknown
from sluicegate.model.token_subject import TokenSubjects

_SETTING = "actions/oidc/customization/sub"
_WRITE = "permissions: {contents: read, id-token: write}  # under this job, no other"
_ONE_REPOSITORY = {"repo", "repository", "repository_id", "job_workflow_ref"}


def judge_subject(subjects: TokenSubjects) -> Iterator[HostCheck]:
    """How the tokens of the repository name it."""
    forms, path = subject_forms(subjects), f"repos/{subjects.name}/{_SETTING}"
    topic = "subject"
    if forms.unknown is not None:
        yield HostCheck(
            topic,
            Standing.UNKNOWN,
            f"how `sub` is made; needs {forms.unknown.needs}",
            "a role that is bound to another form refuses every run",
        )
    elif forms.keys:
        yield _made_by_hand(forms)
    elif forms.now is None:
        yield HostCheck(
            topic,
            Standing.UNKNOWN,
            f"whether `sub` begins with {forms.numbered} or {forms.named}: GitHub does"
            " not say, and the repository may have been renamed since 2026-07-15",
            "a role that is bound to another form refuses every run",
            f"gh api {path} --jq .sub_claim_prefix",
        )
    elif forms.is_numbered:
        yield HostCheck(
            topic,
            Standing.FINE,
            f"`sub` begins with {forms.now}: numbers that nobody else ever gets;"
            f" before, it was {forms.named}",
        )
    elif forms.now == forms.named:
        yield HostCheck(
            topic,
            Standing.WARNING,
            f"`sub` begins with {forms.now}: names, as before 2026-07-15",
            "who gets these names after you gets tokens with this `sub`: roles must ask"
            " for `repository_id`, too",
            f"let roles take {forms.numbered} as well, and then:\n"
            f"gh api -X PUT {path} -F use_default=true -F use_immutable_subject=true",
        )
    else:
        yield HostCheck(topic, Standing.NOTE, f"`sub` begins with {forms.now}")


def _made_by_hand(forms: SubjectForms) -> HostCheck:
    """Somebody has had it made of other claims than GitHub does by default."""
    made = f"`sub` is made of {_words(forms.keys)}, as a setting has it"
    if _ONE_REPOSITORY.isdisjoint(forms.keys):
        return HostCheck(
            "subject",
            Standing.WARNING,
            f"{made}: nothing in it says which repository",
            "the tokens of others can have the same: roles must ask for"
            " `repository_id`, too",
        )
    return HostCheck("subject", Standing.NOTE, made)


def judge_jobs(
    uses: Sequence[IdentityUse],
    jobs: Sequence[SecretJob],
    subjects: TokenSubjects | None,
) -> Iterator[HostCheck]:
    """Whether the jobs that need a token may ask for one, and others cannot."""
    stages = dict.fromkeys(name for use in uses for name, _ in use.stages)
    missing = [each for each in stages if all(each not in job.stages for job in jobs)]
    if missing:
        yield HostCheck(
            "jobs",
            Standing.WARNING,
            f"no job seems to run {_words(missing)}",
            "only jobs that use the Action, or a script with `sluice run`, are seen",
        )
    for job in jobs:
        yield from _judge_job(job, "" if subjects is None else _said(job, subjects))
        if subjects is not None:
            yield from _judge_environment(job, subjects)


def _said(job: SecretJob, subjects: TokenSubjects) -> str:
    """What ``sub`` is in the tokens of *job*, in each of its forms."""
    now, before = subjects_of(job, subjects)
    if before in now:
        return f"`sub` is {' or '.join(now)}"
    return f"`sub` is {' or '.join(now)}; in the form without numbers {before}"


def _judge_job(job: SecretJob, said: str) -> Iterator[HostCheck]:
    topic, does = f"job {job.name}", f"runs {_words(job.stages)}"
    place = (Place(job.workflow, job.line),)
    if job.is_reused:
        yield HostCheck(
            topic,
            Standing.PROBLEM,
            f"{does} in a reusable workflow, whose job has no identity",
            "code that is tested runs there: nothing of worth is lent to it",
            "use the one-step workflow for them: sluice init --github",
            place,
        )
        return
    if not job.may_ask:
        yield HostCheck(
            topic,
            Standing.PROBLEM,
            f"{does}, and may not ask for a token",
            "without `id-token: write` GitHub gives none, and the stage gets no secret",
            _WRITE,
            place,
        )
    else:
        yield HostCheck(topic, Standing.FINE, f"{does}, and may ask for a token", said)
    if job.is_of_pull_requests:
        yield HostCheck(
            topic,
            Standing.WARNING,
            f"{does}, for pull requests, too",
            "the code of a change that nobody has reviewed can ask for a token there;"
            " one from a fork gets none, and the stage fails",
            "if: github.event_name != 'pull_request'  # and a job without these stages"
            " for pull requests",
            place,
        )


def _judge_environment(job: SecretJob, subjects: TokenSubjects) -> Iterator[HostCheck]:
    if job.environment is None or "${{" in job.environment:
        return
    known = subjects.environments
    topic = f"environment {job.environment}"
    if isinstance(known, Unknown):
        what = f"whether there is one; needs {known.needs}"
        yield HostCheck(topic, Standing.UNKNOWN, what)
    elif job.environment.lower() not in {each.lower() for each in known}:
        yield HostCheck(
            topic,
            Standing.PROBLEM,
            "it does not exist yet",
            "GitHub makes it when a job enters, without rules: then any branch that may"
            " run a workflow gets a token with its name",
            f"gh api -X PUT repos/{subjects.name}/environments/{job.environment}"
            " -F 'deployment_branch_policy[protected_branches]=true'"
            " -F 'deployment_branch_policy[custom_branch_policies]=false'",
            (Place(job.workflow, job.line),),
        )


def _words(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
