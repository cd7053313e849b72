"""From a request to an answer: who asks, whether they may, what comes of it."""

import json
import uuid
from dataclasses import replace

from kube_api import discovery, openapi, reviews, seeds, verbs
from kube_api.access import check_access
from kube_api.authentication import authenticate, impersonate
from kube_api.call import Call
from kube_api.problem import Problem, internal_error, no_such_path
from kube_api.request import Answer, Request, target_of
from kube_api.state import ADMINS, State
from kube_api.users import User
from kube_api.values import Json

_ROOT = User("system:admin", (ADMINS,))


class App:
    """The API of one cluster; it needs no network.

    Attributes:
        crashes: what went wrong here and not with the client.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.crashes: list[Exception] = []
        seeds.plant(state, self._plant)

    def answer(self, request: Request) -> Answer:
        """What the API answers, problems included."""
        try:
            user = authenticate(self.state, request)
            user = impersonate(self.state, user, request)
            answer = self.answer_as(user, request)
        except Problem as problem:
            answer = Answer(problem.code, problem.status(), problem.headers)
        except Exception as error:  # noqa: BLE001 - raised by whoever serves this
            self.crashes.append(error)
            failed = internal_error(f"the stand-in has a bug: {error!r}")
            answer = Answer(500, failed.status())
        headers = {"Audit-Id": str(uuid.uuid4()), "Cache-Control": "no-cache, private"}
        return replace(answer, headers={**headers, **answer.headers})

    def answer_as(self, user: User, request: Request) -> Answer:
        """The same for *user*.

        Raises:
            Problem: it cannot be done.
        """
        target = target_of(request)
        check_access(self.state, user, target)
        if target.path.startswith(openapi.PATH):
            return openapi.describe(self.state.resources, target.path)
        if not target.is_resource:
            return discovery.discover(self.state.resources, target.path)
        found = self.state.resources.find(target.group, target.version, target.resource)
        if found is None:
            raise no_such_path()
        call = Call(self.state, request, target, found, user)
        _check_scope(call)
        call.check_representation()
        answer = (
            reviews.review(call) if found.kind in reviews.KINDS else verbs.perform(call)
        )
        return replace(answer, warnings=tuple(call.warnings))

    def _plant(self, found: Json) -> None:
        resource = self.state.resources.of_kind(found["apiVersion"], found["kind"])
        if resource is not None:
            headers = {"user-agent": "kube-apiserver"}
            body = json.dumps(found).encode()
            self.answer_as(_ROOT, Request("POST", resource.path(), headers, body))


def _check_scope(call: Call) -> None:
    """Raises:
    Problem: 404: the path is not one of this kind.
    """
    target, resource = call.target, call.resource
    subresources = {"": True, "status": resource.status, "scale": bool(resource.scale)}
    in_namespace = target.namespace and target.resource != "namespaces"
    if in_namespace and not resource.namespaced:
        raise no_such_path()
    needs = target.name and target.verb not in ("list", "watch")
    if needs and resource.namespaced and not target.namespace:
        raise no_such_path()
    if not subresources.get(target.subresource, False):
        raise no_such_path()
