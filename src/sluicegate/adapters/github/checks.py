"""Check runs, commit statuses and SARIF on GitHub."""

import base64
import gzip
from collections.abc import Iterator, Sequence

from sluicegate.adapters.github.annotations import format_output, key_of, read_key
from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.library import optional, understood
from sluicegate.adapters.github.names import check_commit
from sluicegate.adapters.github.node import Node
from sluicegate.adapters.github.reading import read_status
from sluicegate.errors import PermanentError
from sluicegate.model.code_host import Annotation, CheckRun, CommitStatus

_AT_ONCE = 50  # annotations in a request
_MAX_SARIF_BYTES = 10_000_000  # compressed


class GithubChecks:
    """What is shown of commits; see `sluicegate.ports.code_host.Feedback`."""

    def __init__(self, client: GithubClient) -> None:
        self._client = client

    def put_check(self, check: CheckRun) -> str:
        """Annotations are added to a check and never go away.

        So those that it has are not sent again, and of those that a request may have
        brought there or not, it is looked which are there.
        """
        check_commit(check.commit)
        return self._client.surely(lambda _again: self._put_check(check))

    def set_status(self, commit: str, status: CommitStatus) -> None:
        """If nobody knows whether it was set, it is looked whether it is."""
        check_commit(commit)

        def act(again: bool) -> None:  # noqa: FBT001 - called by position
            if again and self._is_set(commit, status):
                return
            with understood():
                self._client.commit(commit).create_status(
                    status.state.value,
                    context=status.context,
                    description=status.description,
                    target_url=optional(status.url),
                )

        self._client.surely(act)

    def statuses(self, commit: str) -> Iterator[CommitStatus]:
        """Those with a state of a later GitHub are left out."""
        path = f"{self._client.path}/commits/{check_commit(commit)}/statuses"
        for node in self._client.pages(path):
            status = read_status(node)
            if status is not None:
                yield status

    def upload_sarif(self, commit: str, ref: str, sarif: bytes) -> str:
        """What is uploaded twice is shown once: repeating it does no harm."""
        packed = gzip.compress(sarif, mtime=0)
        if len(packed) > _MAX_SARIF_BYTES:
            raise PermanentError(
                f"the SARIF document has {len(packed)} bytes, compressed; GitHub takes"
                f" {_MAX_SARIF_BYTES}"
            )
        body = {
            "commit_sha": check_commit(commit),
            "ref": ref,
            "sarif": base64.b64encode(packed).decode(),
        }
        path = f"{self._client.path}/code-scanning/sarifs"
        return self._client.surely(lambda _again: self._client.post(path, body)).text(
            "id"
        )

    def _put_check(self, check: CheckRun) -> str:
        known = self._find_check(check)
        if known is None:
            first, rest = check.annotations[:_AT_ONCE], check.annotations[_AT_ONCE:]
            number, page = self._create_check(check, first)
            return self._change_check(number, check, rest) if rest else page
        return self._change_check(
            known.number("id"), check, self._missing_annotations(known, check)
        )

    def _find_check(self, check: CheckRun) -> Node | None:
        """The newest of that name with our id; those of jobs have ids of GitHub's."""
        path = f"{self._client.path}/commits/{check.commit}/check-runs"
        asked = {"check_name": check.name, "filter": "all"}
        for node in self._client.pages(path, asked, items="check_runs"):
            is_named = node.text("name") == check.name
            if is_named and node.text_or_none("external_id") == check.external_id:
                return node
        return None

    def _missing_annotations(
        self, known: Node, check: CheckRun
    ) -> Sequence[Annotation]:
        """The annotations of *check* that *known* does not have yet."""
        path = f"{self._client.path}/check-runs/{known.number('id')}/annotations"
        there = set(map(read_key, self._client.pages(path)))
        return [each for each in check.annotations if key_of(each) not in there]

    def _create_check(
        self, check: CheckRun, annotations: Sequence[Annotation]
    ) -> tuple[int, str]:
        with understood():
            made = self._client.repository.create_check_run(
                check.name,
                check.commit,
                external_id=check.external_id,
                output=format_output(check, annotations),
                details_url=optional(check.url),
                status=_status(check),
                conclusion=optional(_conclusion(check)),
            )
            return _number(made.id), made.html_url or made.url

    def _change_check(
        self, number: int, check: CheckRun, annotations: Sequence[Annotation]
    ) -> str:
        page = ""
        for at in range(0, max(len(annotations), 1), _AT_ONCE):
            with understood():
                known = self._client.repository.get_check_run(number)
                output = format_output(check, annotations[at : at + _AT_ONCE])
                known.edit(
                    output=output,
                    details_url=optional(check.url),
                    status=_status(check),
                    conclusion=optional(_conclusion(check)),
                )
                page = known.html_url or known.url
        return page

    def _is_set(self, commit: str, status: CommitStatus) -> bool:
        """Whether *status* is the newest of its context."""
        ours = (
            each for each in self.statuses(commit) if each.context == status.context
        )
        newest = next(ours, None)
        return newest is not None and (
            (newest.state, newest.description, newest.url)
            == (status.state, status.description, status.url)
        )


def _status(check: CheckRun) -> str:
    return "in_progress" if check.conclusion is None else "completed"


def _conclusion(check: CheckRun) -> str | None:
    return None if check.conclusion is None else check.conclusion.value


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("no number")
    return value
