"""Unit tests of `sluicegate.adapters.webhook`, against servers that behave badly."""

import socket
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webhook_server import SECRET, hang, make_certificate, serve_hooks

from sluicegate.adapters.webhook import Webhook
from sluicegate.errors import ExternalError, PermanentError

BODY = b'{"text": "hello"}'


def webhook(
    address: str, *, timeout_seconds: float = 5.0, ca_bundle: Path | None = None
) -> Webhook:
    bundle = None if ca_bundle is None else str(ca_bundle)
    return Webhook({"HOOK": address}, "HOOK", bundle, timeout_seconds=timeout_seconds)


def fault(hook: Webhook) -> str:
    """Why it was not delivered; nothing that is raised names the address."""
    with pytest.raises(ExternalError) as refused:
        hook.send(BODY, "")
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    return str(refused.value)


def test_a_message_is_posted_once_as_json() -> None:
    with serve_hooks() as hooks:
        webhook(f"  {hooks.address}\n").send(BODY, "")

    assert hooks.bodies == [BODY]
    assert hooks.paths == [f"/services/{SECRET}"]


@pytest.mark.parametrize("code", [429, 500, 503])
def test_what_may_pass_is_tried_again(code: int) -> None:
    with serve_hooks() as hooks:
        hooks.answers = [(code, {}), (code, {"Retry-After": "0"})]
        webhook(hooks.address).send(BODY, "")

    assert hooks.bodies == [BODY] * 3


@pytest.mark.parametrize("code", [400, 403, 404, 410])
def test_what_will_not_pass_is_not_tried_again(code: int) -> None:
    with serve_hooks() as hooks:
        hooks.answers = [(code, {})]
        assert fault(webhook(hooks.address)) == f"answered with HTTP {code}"

    assert len(hooks.bodies) == 1


def test_a_server_that_keeps_failing_is_given_up() -> None:
    with serve_hooks() as hooks:
        hooks.answers = [(500, {})] * 9
        said = fault(webhook(hooks.address, timeout_seconds=1.0))

    assert said == "answered with HTTP 500"
    assert 1 <= len(hooks.bodies) < 9


def test_a_server_that_asks_for_more_time_than_there_is_gets_none() -> None:
    with serve_hooks() as hooks:
        hooks.answers = [(429, {"Retry-After": "3600"})]
        assert fault(webhook(hooks.address)) == "answered with HTTP 429"

    assert len(hooks.bodies) == 1


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(code: int) -> None:
    with serve_hooks() as hooks, serve_hooks() as elsewhere:
        hooks.answers = [(code, {"Location": elsewhere.address})]
        said = fault(webhook(hooks.address))

    assert said == f"redirected with HTTP {code}, which is not followed"
    assert (len(hooks.bodies), elsewhere.bodies) == (1, [])


def test_a_server_that_never_answers_is_given_up() -> None:
    with hang() as address:
        assert fault(webhook(address, timeout_seconds=0.2)) == "no answer in time"


def test_where_nobody_listens_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    hook = webhook(f"http://127.0.0.1:{port}/{SECRET}", timeout_seconds=0.2)

    assert fault(hook) == "nobody listens there"


def test_a_certificate_nobody_vouches_for_gets_no_message(tmp_path: Path) -> None:
    _, context = make_certificate(tmp_path)
    with serve_hooks(context) as hooks:
        said = fault(webhook(hooks.address))

    assert (said, hooks.bodies) == ("its certificate is not trusted", [])


def test_the_hosts_certificates_are_trusted(tmp_path: Path) -> None:
    certificate, context = make_certificate(tmp_path)
    with serve_hooks(context) as hooks:
        webhook(hooks.address, ca_bundle=certificate).send(BODY, "")

    assert hooks.bodies == [BODY]


def test_a_proxy_is_asked_for_hosts_elsewhere_and_not_for_this_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serve_hooks() as proxy, serve_hooks() as hooks:
        proxy.answers = [(403, {})]
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        webhook(hooks.address).send(BODY, "")
        assert (len(hooks.bodies), proxy.paths) == (1, [])

        # The proxy here knows no CONNECT, so it is asked, and refuses.
        hook = webhook(f"https://hooks.invalid/{SECRET}", timeout_seconds=0.2)
        assert fault(hook) == "it cannot be reached"


def test_a_variable_that_is_not_set_is_named() -> None:
    for environ in ({}, {"HOOK": " "}):
        hook = Webhook(environ, "HOOK", None)
        assert hook.explain_absence() == "the variable HOOK is not set"
        with pytest.raises(PermanentError, match="HOOK is not set"):
            hook.send(BODY, "")


@pytest.mark.parametrize(
    "address",
    [
        f"http://hooks.example/{SECRET}",
        f"file:///etc/{SECRET}",
        f"ftp://127.0.0.1/{SECRET}",
        f"hooks.example/{SECRET}",
        f"https://[{SECRET}",
        f"https:///{SECRET}",
        SECRET,
    ],
)
def test_an_address_without_encryption_is_refused(address: str) -> None:
    hook = webhook(address)

    said = "the variable HOOK does not hold an https:// address"
    assert hook.explain_absence() == said
    assert fault(hook) == said


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30))
def test_no_fault_repeats_the_address(rest: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    hook = webhook(f"http://127.0.0.1:{port}/{SECRET}{rest}", timeout_seconds=0.01)

    assert SECRET not in fault(hook)
