"""Making attestations of what a code host says: of runs, comments and reviews.

Nothing is decided here: what was asked is handed to `sluicegate.audit.attested`, which
judges it now and ever after. What can be refused without asking is not asked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

from sluicegate.audit.attested.cutting import cut_comment, cut_review, cut_run
from sluicegate.audit.attested.form import parse_attestation
from sluicegate.audit.attested.judging import Expected, hear_run, judge, judge_alone
from sluicegate.audit.attested.reading import Workflows
from sluicegate.audit.attested.said import read_comment, read_review, read_run
from sluicegate.audit.attested.taking import (
    Attested,
    Taken,
    refuse_broken,
    refuse_by_state,
)
from sluicegate.audit.attested.words import (
    Refusal,
    Word,
    answer_of,
    parse_body,
    place_of_comment,
    place_of_review,
    place_of_run,
    requests_in,
    require_account,
)
from sluicegate.errors import IntegrityError, PermanentError, UsageError
from sluicegate.model.attestation import Attestation
from sluicegate.model.code_host import Comment, EnvironmentReview, WorkflowRun
from sluicegate.model.digest import Digest
from sluicegate.model.policy import Way
from sluicegate.ports.code_host import MissingPermissionError
from sluicegate.wiring.github.facts import Asked, Facts

_NOTHING = Digest("0" * 64)


@dataclass(frozen=True)
class Own:
    """The run that takes answers in, and the reason that whoever started it gives."""

    run: int
    reason: str = ""


@dataclass
class Attesting:
    """Makes attestations of *facts*; *own* is the run that asks, if one does.

    All methods raise what `CodeHost` raises.
    """

    facts: Facts
    own: Own | None = None

    @cached_property
    def workflows(self) -> Workflows:
        """What the protected branch has.

        Raises:
            UsageError: that cannot be told.
        """
        return self.facts.requests.inboxes.read_workflows()

    def recall(self, place: str) -> Taken:
        """The answer in *place*, which is in the log; the host is not asked again.

        Raises:
            IntegrityError: what attests it is not what it was.
        """
        requests = self.facts.requests
        given = requests.state.attested[place]
        kept = parse_attestation(requests.place.evidence.load(given.attestation))
        request = self.facts.asked(given.request).found.request
        then = Expected(kept.log, request, kept.branch, lambda _: kept.workflow)
        word = judge(kept, then, is_recorded=True)
        return Taken(place, word.url, word) if isinstance(word, Word) else Taken(place)

    def run(self, run: WorkflowRun) -> Attested | Taken:
        """The answer that *run* is."""
        place = place_of_run(run.number)
        is_own = self.own is not None and self.own.run == run.number
        branch, number = self.workflows.branch, self.facts.repository.number
        try:
            kept = self._begin(Way.DISPATCH, cut_run(run.raw))
            said = read_run(kept.said)
            heard = hear_run(said)
            if isinstance(heard, Refusal):
                return _refuse(place, run.url, heard)
            answer, request = heard
            alone = judge_alone(said, number, branch, is_own=is_own, answer=answer)
            account = require_account(said.actor)
        except IntegrityError as error:
            return Taken(place, run.url, reason=str(error))
        word = Word(place, request, answer, account, said.created, run.url)
        refusal = alone or self._refuse(word, Way.DISPATCH, said.path)
        if refusal:
            return _refuse(place, run.url, refusal, word)
        kept = replace(
            self._about(kept, word),
            is_own=is_own,
            reason=self.own.reason if is_own and self.own is not None else "",
            branch=branch,
            is_in_branch=self.facts.is_merged(said.commit, self.workflows.commit),
            workflow=self.facts.digest(said.path, said.commit),
        )
        return self._judge(kept, word)

    def comment(self, comment: Comment) -> Attested | Taken:
        """The answer that *comment* is."""
        place = place_of_comment(comment.number)
        try:
            kept = self._begin(Way.COMMENT, cut_comment(comment.raw))
            said = read_comment(kept.said).comment
            account = require_account(said.account)
        except IntegrityError as error:
            return Taken(place, comment.url, reason=str(error))
        heard = parse_body(said.body)
        if heard is None:
            why = "it is not `/sluice approve` and the whole id of a request alone"
            return Taken(place, comment.url, reason=why)
        word = Word(place, heard[1], heard[0], account, said.created, said.url)
        refusal = self._refuse(word, Way.COMMENT)
        if refusal:
            return _refuse(place, comment.url, refusal, word)
        return self._judge(self._about(kept, word), word)

    def reviews(self, run: WorkflowRun) -> Iterator[Attested | Taken]:
        """The reviews of *run* that name a request; one that fails stops no other."""
        for review in self.facts.host.reviews(run.number):
            for request in requests_in(review.comment):
                if answer_of(review) is not None:
                    place, make = f"review/{run.number}", self._review
                    yield attempt(place, run.url, partial(make, run, review, request))

    def _review(
        self, run: WorkflowRun, review: EnvironmentReview, request: Digest
    ) -> Attested | Taken:
        try:
            kept = self._begin(Way.REVIEW, cut_review(review.raw))
            kept = replace(kept, about=cut_run(run.raw))
            said, of = read_review(kept.said), read_run(kept.about)
            account, answer = require_account(said.account), answer_of(said)
        except IntegrityError as error:
            return Taken(f"review/{run.number}", run.url, reason=str(error))
        place = place_of_review(run.number, account.number, request)
        if answer is None:
            return Taken(place, run.url, reason="the code host contradicts itself")
        word = Word(place, request, answer, account, of.created, run.url)
        refusal = self._refuse(word, Way.REVIEW)
        if refusal:
            return _refuse(place, run.url, refusal, word)
        return self._judge(self._about(kept, word), word)

    def _begin(self, way: Way, said: str) -> Attestation:
        there, requests = self.facts.repository, self.facts.requests
        assert requests.log is not None  # there is a recorder of it
        return Attestation(
            log=requests.log.head().origin,
            way=way,
            request=_NOTHING,
            environment="",
            repository=there.name,
            number=there.number,
            url=there.url,
            observed=requests.now,
            said=said,
        )

    def _about(self, kept: Attestation, word: Word) -> Attestation:
        """Add what is asked of whoever says *word*, and of the commits they answer."""
        environment = self.facts.asked(word.request).environment
        kept = replace(kept, request=word.request, environment=environment)
        if kept.way is Way.REVIEW:
            return kept
        accounts = self.facts.accounts(word.request)
        return replace(kept, role=self.facts.role(word.account), accounts=accounts)

    def _refuse(self, word: Word, way: Way, path: str = "") -> Refusal | None:
        """Why the log or the policy lets no such word count, whatever the host says."""
        requests = self.facts.requests
        entry = requests.state.requests.get(word.request)
        reason = refuse_by_state(entry, word, requests.now)
        if reason:
            return Refusal(reason)
        asked = self.facts.asked(word.request)
        if asked.judging.policy is None:
            trouble = "; ".join(asked.judging.trouble)
            return Refusal(f"what counts cannot be told: {trouble}", may_change=True)
        return _refuse_way(asked, way, path)

    def _judge(self, kept: Attestation, word: Word) -> Attested | Taken:
        request = self.facts.asked(word.request).found.request
        now = self.workflows
        found = judge(kept, Expected(kept.log, request, now.branch, now.file))
        if isinstance(found, Refusal):
            return Taken(word.place, word.url, word, found.reason)
        return Attested(kept, found)


def attempt(
    place: str, url: str, make: Callable[[], Attested | Taken]
) -> Attested | Taken:
    """What *make* makes of the answer in *place*; trouble with it is that answer's own.

    Raises:
        TransientError: the host does not answer at all.
        MissingPermissionError: nor will it answer about any other.
        IntegrityError: the log is not what it was.
    """
    try:
        return make()
    except MissingPermissionError:
        raise
    except (PermanentError, UsageError) as error:
        return refuse_broken(place, url, error)


def _refuse_way(asked: Asked, way: Way, path: str) -> Refusal | None:
    if way is Way.REVIEW:
        if any(rule.reviews is not None for rule in asked.rules):
            return None
        return Refusal(f"the rules of {asked.environment} ask for no reviews")
    if not any(way in rule.by for rule in asked.rules):
        return Refusal(
            f"the rules of {asked.environment} count no answer by {way.value}: `by` of"
            " their approvals does not name it"
        )
    files = sorted(asked.workflows())
    if way is Way.DISPATCH and path not in files:
        return Refusal(f"it is a run of {path}, not of {' or '.join(files)}")
    return None


def _refuse(place: str, url: str, refusal: Refusal, word: Word | None = None) -> Taken:
    return Taken(place, url, word, refusal.reason, may_change=refusal.may_change)
