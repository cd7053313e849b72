"""What happens to a request between the connection and the routes."""

import json
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from fake_github.call import Answer, Call, Refused, not_found
from fake_github.description import JsonValue, Operation, read_description
from fake_github.filling import fill
from fake_github.git_folder import take_over
from fake_github.permissions import check_permission, find_token
from fake_github.routes import AREAS
from fake_github.routing import ROUTES
from fake_github.state import Repository, Run, State
from fake_github.validation import Validator

VERSIONS = ("2022-11-28", "2026-03-10")
assert AREAS  # they have registered themselves


@dataclass(frozen=True)
class Request:
    """A request as it came. Names of headers are in small letters."""

    method: str
    target: str
    headers: Mapping[str, str]
    data: bytes


@dataclass(frozen=True)
class Exchange:
    """A request that was answered: what a test looks at."""

    method: str
    path: str
    operation: str | None
    status: int
    body: JsonValue
    headers: Mapping[str, str]


class App:
    """GitHub's API over a `State`.

    ``violations`` says in sentences what did not fit the description, in requests and
    in answers; ``exchanges`` is what was asked and answered, oldest first.
    """

    def __init__(
        self,
        state: State,
        api: str,
        *,
        started: Callable[[Run], None],
        changed: Callable[[], None],
    ) -> None:
        self.state = state
        self.api = api
        self.violations: list[str] = []
        self.exchanges: list[Exchange] = []
        self._started = started
        self._changed = changed
        self._description = read_description()
        self._validator = Validator(self._description)
        self._lock = threading.RLock()

    def handle(self, request: Request) -> Answer:
        """Answer *request*; what runs it started are told of afterwards."""
        with self._lock:
            body = _parse(request.data)
            found = self._find(request)
            dispatched: list[Run] = []
            if found is None:
                answer = not_found().answer()
            else:
                answer = self._try(request, *found, body, dispatched)
                answer = self._checked(found[0], answer)
            path = urlsplit(request.target).path
            name = found[0].id if found else None
            exchange = Exchange(
                request.method, path, name, answer.status, body, request.headers
            )
            self.exchanges.append(exchange)
            if request.method != "GET" and answer.status < 400:
                self._changed()
        for run in dispatched:
            self._started(run)
        return answer

    def _try(
        self,
        request: Request,
        operation: Operation,
        path: dict[str, str],
        body: JsonValue,
        dispatched: list[Run],
    ) -> Answer:
        try:
            return self._answer(request, operation, path, body, dispatched)
        except Refused as refused:
            return refused.answer()
        except Exception:  # noqa: BLE001 - a fault of the fake, which a test sees
            self.violations.append(traceback.format_exc())
            return Refused(500, "The fake broke").answer()

    def _find(self, request: Request) -> tuple[Operation, dict[str, str]] | None:
        path = urlsplit(request.target).path
        found = self._description.find(request.method, path)
        if found is None:
            self.violations.append(f"{request.method} {path}: no such operation")
        return found

    def _answer(
        self,
        request: Request,
        operation: Operation,
        path: dict[str, str],
        body: JsonValue,
        dispatched: list[Run],
    ) -> Answer:
        route = ROUTES[operation.id]
        _check_headers(request)
        token = find_token(self.state, request.headers.get("authorization"))
        split = urlsplit(request.target)
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        call = Call(
            state=self.state,
            token=token,
            api=self.api,
            url=self.api + split.path,
            path=path,
            query=query,
            body=body,
            accept=request.headers.get("accept", ""),
            dispatched=dispatched,
        )
        check_permission(route, token, self._repository(call))
        wrong = self._validator.check_request(operation, path, query, body)
        if wrong:
            self.violations += [f"{operation.id}: {each}" for each in wrong]
            raise Refused(422, f"Invalid request.\n\n{'; '.join(wrong)}")
        return route.handler(call)

    def _repository(self, call: Call) -> Repository | None:
        if "owner" not in call.path:
            return None
        repository = call.repository
        take_over(repository)
        return repository

    def _checked(self, operation: Operation, answer: Answer) -> Answer:
        """*answer*, complete and valid, else a violation."""
        if isinstance(answer.body, bytes):
            return answer
        schema = self._validator.answer_schema(operation, answer.status)
        if schema and answer.body is not None:
            answer.body = fill(answer.body, schema, self._description, self.api)
        wrong = self._validator.check_answer(operation, answer.status, answer.body)
        if wrong:
            self.violations += [f"{operation.id}: {each}" for each in wrong]
            message = f"The fake's own answer is wrong: {'; '.join(wrong)}"
            return Refused(500, message).answer()
        return answer


def _parse(data: bytes) -> JsonValue:
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")


def _check_headers(request: Request) -> None:
    if not request.headers.get("user-agent"):
        raise Refused(403, "Request forbidden by administrative rules.")
    version = request.headers.get("x-github-api-version", VERSIONS[0])
    if version not in VERSIONS:
        raise Refused(400, f"{version} is not a supported version of the API")
