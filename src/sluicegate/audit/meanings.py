"""What every type and every key of an entry means, for those who read the log.

A part of the promise: a key keeps its meaning as long as its schema.
"""

from collections.abc import Mapping, Sequence

KINDS: Mapping[str, str] = {
    "log.created": "Entry 0: whose log it is, which key signs it, how long it is kept.",
    "retention.changed": "The log is kept for longer than was promised before.",
    "lease.taken": (
        "One run alone may change an environment. The index of this entry is the"
        " lease's fence; a later entry of the same holder renews it."
    ),
    "lease.released": "The run does not change the environment any more.",
    "key.rotated": (
        "From this entry on another key signs the log; both keys have signed that it"
        " does."
    ),
    "hold.placed": (
        "Nothing that the hold covers may be pruned. The event id of this entry is the"
        " hold's."
    ),
    "hold.released": "The hold ends.",
    "state.snapshot": (
        "The state of all entries before it, so that nobody needs to read them; in"
        " parts that follow each other."
    ),
    "log.pruned": (
        "Announces that the bundles of the oldest entries are about to be removed. The"
        " tiles, and with them all proofs, stay."
    ),
    "run.started": "A run of a pipeline began, for one commit.",
    "run.resumed": "Another process took the run over.",
    "run.interrupted": "The process was asked to stop; the run can be resumed.",
    "run.finished": "No stage of the run is left that could run.",
    "stage.started": "An attempt at a stage began.",
    "stage.finished": (
        "An attempt at a stage ended: what it found, and how its gate judged that."
    ),
    "gpu.reserved": (
        "An attempt at a stage is about to use GPUs; or a budget does not let it."
    ),
    "secrets.given": (
        "An attempt at a stage is about to be given secrets: which, and never a value."
    ),
    "secrets.revoked": (
        "The logins by which they were fetched have ended. Where it is missing, the"
        " process died before, and they lasted as long as they were given out for."
    ),
    "stage.skipped": "A stage will not run.",
    "publish.requested": "Announces that an image is about to be pushed.",
    "publish.confirmed": "The registry was seen to serve the image by every name.",
    "release.requested": (
        "A release into an environment waits for its entry gate: for people, or for a"
        " better time. The request itself is kept as evidence."
    ),
    "environment.entered": (
        "The entry gate of an environment opened; the approvals are used from here on."
    ),
    "request.answered": "Somebody answered a release request, and signed the answer.",
    "answer.attested": (
        "Somebody answered a release request on a code host, which attests who. Nobody"
        " has signed it: the log's key alone vouches for what the host was seen to say."
    ),
    "rollout.answered": "Somebody wants a rollout to go on otherwise.",
    "environment.locked": (
        "Nothing is released into the environment. The event id of this entry is the"
        " lock's."
    ),
    "environment.unlocked": "The lock ends.",
    "override.closed": "Somebody has looked into an override.",
    "rollout.started": "Announces that a release is about to be started as canary.",
    "canary.ready": "The canary is healthy and gets no traffic yet.",
    "weight.requested": "Announces a change of the share of traffic of the canary.",
    "weight.applied": (
        "The target has the share, but its counters do not say so yet: they are"
        " awaited."
    ),
    "weight.confirmed": "The target was seen to apply the share.",
    "canary.block": "Requests between two looks at the target, and the evidence.",
    "rollout.directed": "People decided about the rollout: so it goes on.",
    "rollout.drifted": (
        "What serves was seen to differ from what was set, as others have changed it:"
        " the rollout holds."
    ),
    "drift.ended": "What serves was seen to be again as it was set.",
    "others.overridden": (
        "What others had set was written over, so that the rollout could be carried"
        " out."
    ),
    "canary.judged": "What the judge of the canary concluded.",
    "rollout.finished": "The environment is in its final shape.",
}
"""Event types by name, a sentence each."""

_KEYS: Mapping[str, str] = {
    # The envelope
    "schema": "The schema that the entry keeps to.",
    "type": "What happened: the name of the event type.",
    "event_id": "A ULID that no other entry has: whatever is retried is there once.",
    "recorded_ts": (
        "When it was recorded, in UTC, to the millisecond: by the clock of the machine"
        " that recorded, and never before the entries that it had seen."
    ),
    "actor": "Who did what the event says, whoever recorded it.",
    "actor.kind": "user, workflow, app, tool, or a word that is added later.",
    "actor.id": (
        "Tells actors of that kind and issuer apart: a number or a fingerprint, never a"
        " name or a mail address."
    ),
    "actor.issuer": (
        "Who vouches for the id; without it, the machine that recorded, of whose users"
        " it is the number."
    ),
    "actor.user_id": "The number by which a code host knows the actor.",
    "tool": "The program that recorded.",
    "tool.name": "Its name.",
    "tool.version": "Its version.",
    "machine": "Tells the machines apart that recorded; no name and no address.",
    "statement": (
        "The digest of the signed statement that the entry was made from, where the"
        " actor cannot append to the log."
    ),
    "signature": "The SSH signature under that statement, in base64 without its armor.",
    "run_id": "The run that the entry belongs to.",
    "seq": "Counts the entries of the run, from 0 and without a gap.",
    "task_id": "The attempt at a stage that the entry belongs to.",
    "source": "What the run is about.",
    "source.repo": "The address of the repository, without user or password.",
    "source.commit": "The commit, as its hash function, a colon and its digits.",
    "source.ref": "The full name of the tag or branch that was checked out.",
    # Of many types
    "stage": "The name of the stage.",
    "environment": "The name of the environment.",
    "reason": "Why, in words for people.",
    "outcome": "How it ended: as the gate said, or broken, which is no judgement.",
    "attempt": "Counts the attempts at the stage in this run, from 1.",
    "start_ts": "When it began, in UTC.",
    "end_ts": "When it ended, in UTC.",
    "wall_ms": "How long it took by a clock that nobody sets, in milliseconds.",
    "digest": "Its SHA-256.",
    "media_type": "Its media type.",
    "size": "Its size, in bytes.",
    "name": "Its name.",
    "commit": "The full commit.",
    "percent": "The share of the canary, in percent.",
    "stable": "Requests to the stable release.",
    "canary": "Requests to the canary.",
    "total": "All requests.",
    "failed": "Those of them that failed.",
    # The log itself
    "origin": "The name of the log, as in its checkpoints.",
    "vkey": "The key that signs it, as a verifier key: name, key id, public key.",
    "retention_days": "For how many days at least its entries are kept.",
    "before_days": "For how many days they were kept before.",
    "holder": "The run that holds the lease.",
    "expires": "When the lease ends if nobody renews it, in UTC.",
    "fence": "The index of the entry by which the lease was taken.",
    "old_vkey": "The key that signed the log before this entry, as a verifier key.",
    "new_vkey": "The key that signs it from this entry on.",
    "key.rotated.size": "The size of the log before this entry: its own index.",
    "root": "The root hash of the log at that size, in base64.",
    "old_signature": "The signature of the old key over all of this, in base64.",
    "new_signature": "The signature of the new key over all of this, in base64.",
    "overlap_until": "Until when the old key signs checkpoints as well, in UTC.",
    "scope": "What the hold covers: all, run:ID or entries:A-B, both included.",
    "hold": "The event id of the entry by which the hold was placed.",
    "holds.by": "Who placed it: kind and id.",
    "holds.placed_ts": "When it was placed, in UTC.",
    "stable.since_ts": "When that was recorded, in UTC.",
    "state.snapshot.size": "How many entries it tells of: the index of the first part.",
    "part": "Which part it is, from 0.",
    "parts": "How many parts there are.",
    "covers": "The kinds of items that all parts together have all of.",
    "state.snapshot.log": "What is so of the log as a whole.",
    "created_days": "For how many days the log was to be kept when it began.",
    "min_index": "The index of the oldest entry that is kept.",
    "rotations": "Every change of the log's key, as in its key.rotated entry.",
    "holds": "The holds in force.",
    "leases": "The leases that nobody gave back.",
    "state.snapshot.stable": "What each environment runs.",
    "stable.release": "The release.",
    "rollouts": "The rollouts that have not ended.",
    "rollouts.canary": "The release that was started.",
    "rollouts.stable": "The release that was live, if there was one.",
    "release.digest": "The id of its image: the digest of the configuration.",
    "release.name": "Its tag, or else the short commit.",
    "definitions": "What each version of a pipeline was first, on each branch.",
    "runs": "The runs that have not finished.",
    "next_seq": "The seq of the next entry of the run that is kept or comes.",
    "runs.first": "The index of the run's first entry.",
    "runs.last": "The index of the run's last entry so far.",
    "statements": "The signed statements that are in the log, by their digests.",
    "leases.index": "The index of the entry that said so.",
    "holds.index": "The index of the entry that said so.",
    "stable.index": "The index of the entry that said so.",
    "rollouts.index": "The index of the entry that said so.",
    "definitions.index": "The index of the entry that said so.",
    "statements.index": "The index of the entry that said so.",
    "entries": "How many of the entries before it were there still.",
    "first_ts": "When the first of them was recorded, in UTC.",
    "last_ts": "When the last of them was recorded, in UTC.",
    "bundles": (
        "The SHA-256 of what sha256sum prints of their bundles, by their names in the"
        " log, in order."
    ),
    "cut": "The runs that lose some of their entries and not all.",
    # Runs
    "pipeline": "The name of the pipeline, with its version.",
    "definition": "The digest of the pipeline's definition.",
    "branch": "The branch that was checked out.",
    "dirty": "Whether files differed from those of the commit.",
    "stages": "The stages of the run, in order.",
    "stages.uses": "The kind of the stage.",
    "stages.needs": "The stages whose gates must be open first.",
    "stages.retries": "How many attempts follow one that is broken.",
    "selection": "The options that left stages of the pipeline out.",
    "labels": "What tells the runs of a matrix apart.",
    "over_budget": (
        "The budget of runs that is used up: no stage runs, and the run counts in none."
    ),
    "rollback": "The run of the release that the run goes back to, if it does.",
    "run.interrupted.stage": "The stage that was under way, if it was one.",
    # Stages
    "gate": "How the gate judged; left out where the stage was broken.",
    "gate.policy": "The digest of the gate's conditions.",
    "gate.verdict": "open, closed or pending.",
    "gate.conditions": "Each condition of the gate.",
    "conditions.condition": "The condition, in the words of the pipeline file.",
    "conditions.verdict": "Whether it holds: open, closed or pending.",
    "conditions.reason": "Why, with the values that it read.",
    "evidence": "What the stage found.",
    "evidence.fields": (
        "The fields that gates judge, by name; a fraction is written as a number of"
        " millionths under the key e6."
    ),
    "evidence.files": "Files of evidence, kept beside the log by their digests.",
    "tools": "The programs that the stage ran.",
    "tools.name": "What the program is called.",
    "tools.argv": "What starts it; the user's home folder is written ~.",
    "tools.version": "The version that it says it has.",
    "tools.digest": "The SHA-256 of the program, where it is one file.",
    "tools.origin": "Why this one was taken, in a few words.",
    "subject": "The artifacts that the result is about.",
    "resources": "What the attempt took; what was not measured is left out.",
    "resources.cpu_ms": "Time of processors, user and system, in milliseconds.",
    "resources.max_rss_bytes": "The memory of the largest process, in bytes.",
    "resources.read_bytes": "What was read from storage, in bytes; not from its cache.",
    "resources.write_bytes": "What was written to storage, in bytes.",
    "resources.gpu_busy_ms": (
        "How long the GPUs that it used were busy, in milliseconds, added up."
    ),
    "resources.gpu_memory_bytes": "The most memory of GPUs that it held, in bytes.",
    "inputs": "Digests of all that the result depends on, by part.",
    "cached": "The task whose result this is, where it was not found out anew.",
    "over_budget.condition": "The budget, and how much it allows.",
    "over_budget.verdict": "closed.",
    "over_budget.reason": "How much of it was used, and when the next period begins.",
    "declared": (
        "What the stage says that it takes while it runs; left out if it did not run."
    ),
    "run.started.handed_over": (
        "The SHA-256 of each hand-over that results of the run come from; then no"
        " program of the project is run in it."
    ),
    "stage.finished.handed_over": (
        "The stage ran in another job, and its gate was judged anew on the raw reports"
        " from there; left out where it ran here. What that job measured is its word."
    ),
    "handed_over.digest": "The SHA-256 of the hand-over.",
    "handed_over.job": "What that job called itself; nobody vouches for it.",
    "declared.gpu": "How many GPUs: times wall_ms, it is the GPU time of the attempt.",
    "declared.cpu": "How many processors.",
    "declared.memory_bytes": "How much memory, in bytes.",
    "gpu.reserved.gpu": "How many GPUs.",
    "gpu.reserved.wall_ms": "For how long at most, in milliseconds.",
    "gpu.reserved.refused": (
        "The budget that does not let it; then nothing is reserved."
    ),
    "refused.condition": "The budget, and how much it allows.",
    "refused.verdict": "closed if it is used up, pending if others may use the rest.",
    "refused.reason": "How much of it was used, and when the next period begins.",
    "secrets": "The secrets, by the variables in which the stage gets them.",
    "secrets.variable": "The variable.",
    "secrets.provider": "Who keeps it, by the name in the pipeline file.",
    "secrets.kind": "What that provider is: vault, openbao, aws-secrets-manager, …",
    "secrets.path": "Where the provider keeps it.",
    "secrets.field": "Which field of it, where a secret has several.",
    "secrets.version": "Its version as the provider counts, where it does.",
    "secrets.given.at": "When it was fetched, in UTC.",
    "logins": "The logins, one per provider.",
    "logins.provider": "The name of the provider in the pipeline file.",
    "logins.problem": (
        "Why the login is not revoked, and until when it lasts; left out if it is."
    ),
    "secrets.revoked.at": "When they had ended, in UTC.",
    "stage.skipped.condition": "The stage's own condition, where that did not hold.",
    # Releasing
    "release.requested.request": "The SHA-256 of the request: its id.",
    "release.requested.policy": "The digest of the rules that judge it.",
    "created": "When the request was made, in UTC.",
    "release.requested.expires": "When the request ends, in UTC.",
    "environment.entered.policy": "The digest of the rules that were satisfied.",
    "environment.entered.branch": "The protected branch that has the rules.",
    "environment.entered.commit": "Its commit at which they were read.",
    "environment.entered.conditions": "Each rule, and how it was judged.",
    "environment.entered.approvals": "The answers that were counted as a yes.",
    "approvals.statement": (
        "The SHA-256 of what was signed, or of what attests the answer."
    ),
    "approvals.person": "Who signed it, as the rules call them.",
    "approvals.key": (
        "The fingerprint of their key; or account: and the number of their account, of"
        " an answer that a code host attests."
    ),
    "environment.entered.override": (
        "Whether the glass was broken: rules that did not hold were overridden."
    ),
    "environment.entered.size": "How many entries of the log were known to the judge.",
    "environment.entered.request": "The request that was used; left out without one.",
    "request": "The id of the release request.",
    "answer": "approve, reject or override.",
    "way": "How it was given: dispatch, comment, or review.",
    "place": (
        "Where it was given, unlike any other: run/ and the number of a workflow run,"
        " comment/ and that of a comment, or review/, run, account and request."
    ),
    "attestation": "The SHA-256 of what the code host was seen to say.",
    "environment.unlocked.lock": "The event id of the entry that locked it.",
    "override": "The event id of the environment.entered entry.",
    "requests": "The release requests that are not pruned.",
    "requests.expires": "When the request ends, in UTC.",
    "requests.index": "The index of the entry that made it.",
    "requests.entered": "The index of the entry that used it.",
    "answers": "The answers to release requests that are not pruned.",
    "answers.statement": "The SHA-256 of what was signed.",
    "answers.key": "The fingerprint of the key that signed it.",
    "answers.recorded_ts": "When it was recorded, in UTC.",
    "answers.index": "The index of the entry that said so.",
    "attested": "The answers that a code host attests and that are not pruned.",
    "attested.account": "The number of the account of whoever gave it.",
    "attested.recorded_ts": "When it was recorded, in UTC.",
    "attested.index": "The index of the entry that said so.",
    "locks": "The locks in force.",
    "locks.lock": "The id of the lock.",
    "locks.by": "Who locked it: kind and id.",
    "locks.since_ts": "When it was locked, in UTC.",
    "locks.index": "The index of the entry that said so.",
    "overrides": "The overrides that nobody has closed.",
    "overrides.people": "The people who broke the glass.",
    "overrides.at": "When that was recorded, in UTC.",
    "overrides.index": "The index of the entry that said so.",
    # Publishing
    "image": "The id of the image on the engine: the digest of its configuration.",
    "references": "The names that the image is to get in its registry.",
    "behind": "The tasks whose scans opened the gate before it.",
    "published": "What the registry serves, one item a name.",
    "published.reference": "The name in the registry.",
    "published.digest": "The digest of the manifest, by which all others ask for it.",
    # Rollouts
    "terms": "How long the rollouts that are under way may go on.",
    "terms.deadline": "By when it is to have ended, in UTC.",
    "terms.paused": "Since when it is paused, in UTC.",
    "directions": "What people want of the rollouts that are under way.",
    "directions.by": "Who said so: kind and id.",
    "directions.recorded_ts": "When it was recorded, in UTC.",
    "directions.index": "The index of the entry that said so.",
    "directions.statement": "The SHA-256 of what was signed.",
    "rollout": "The event id of the rollout.started entry.",
    "rollout.started.deadline": (
        "By when it is to have ended, in UTC; time for which it is paused does not"
        " count."
    ),
    "rollout.started.canary": "The release that is started.",
    "rollout.started.stable": "The release that was live, if there was one.",
    "canary.digest": "The id of its image: the digest of the configuration.",
    "stable.digest": "The id of its image: the digest of the configuration.",
    "canary.name": "Its tag, or else the short commit.",
    "stable.name": "Its tag, or else the short commit.",
    "reference": "Its name in a registry, by digest, where it was published.",
    "weight.confirmed.stable": "The counters of the stable release right after.",
    "weight.confirmed.canary": "The counters of the canary right after.",
    "at": "When it was seen, in UTC.",
    "index": "Counts the blocks of the rollout.",
    "others.overridden.index": "Counts these events of the rollout.",
    "others.overridden.what": "What was taken from whom.",
    "stable_total": "The counters of the stable release at the end of the block.",
    "canary_total": "The counters of the canary at the end of the block.",
    "abort_micronats": (
        "Evidence that the canary is worse: the natural logarithm of the e-value, in"
        " millionths."
    ),
    "promote_micronats": "Evidence that the canary is no worse, likewise.",
    "weight.confirmed.metrics": "The numbers of the other metrics right after.",
    "canary.block.metrics": "The other metrics that could be read, likewise.",
    "metrics.metric": "The name of the metric.",
    "metrics.stable": "Its numbers for the stable release.",
    "metrics.canary": "Its numbers for the canary.",
    "stable.n": "Requests, exposure or samples, by the kind of the metric.",
    "canary.n": "Requests, exposure or samples, by the kind of the metric.",
    "stable_total.n": "Requests, exposure or samples, by the kind of the metric.",
    "canary_total.n": "Requests, exposure or samples, by the kind of the metric.",
    "stable.x": "What was counted among them: by edge or category, if it has any.",
    "canary.x": "What was counted among them: by edge or category, if it has any.",
    "stable_total.x": "What was counted among them: by edge or category, if any.",
    "canary_total.x": "What was counted among them: by edge or category, if any.",
    "direction": "What they decided: promote, abort, pause or resume.",
    "by.statement": "The SHA-256 of what was signed.",
    "by.person": "Who signed it, as the rules call them.",
    "by.key": "The fingerprint of their key.",
    "what": "What differs, in words.",
    "rollout.directed.size": "How many entries were looked at for what people said.",
    "rollout.directed.by": "Who decided so; empty where the environment asks nobody.",
    "canary.judged.verdict": "promote, abort or hold.",
    "cause": (
        "Why, as a word for machines: evidence, unhealthy, crashed, superseded,"
        " directed, deadline, first-release."
    ),
    "result": "What became of the release.",
}
"""Keys by the ends of their places: the longest that fits is the one that counts."""


def explain(kind: str, path: Sequence[str]) -> str:
    """What the key at *path* in an entry of type *kind* means; "" is the envelope.

    Raises:
        KeyError: nobody has said it.
    """
    place = [*kind.split("."), *path]
    for start in range(len(place)):
        found = _KEYS.get(".".join(place[start:]))
        if found is not None:
            return found
    raise KeyError(".".join(place))
