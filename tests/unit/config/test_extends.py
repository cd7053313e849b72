"""Unit tests of `sluicegate.config.extends`: what a file may extend."""

import pytest
from policies import HEAD, problems

from sluicegate.config.extends import PinnedPolicy
from sluicegate.config.policy import PolicyText, read_extended

COMMIT, DIGEST = "a1" * 20, "sha256:" + "0f" * 32
REST = f"commit: {COMMIT}, path: org.yaml, digest: '{DIGEST}'"
URLS = (
    "https://git.example.org/acme/policies.git",
    "ssh://git@git.example.org:2222/acme/policies",
    "git@git.example.org:acme/policies.git",
    "file:///srv/git/policies",
    "/srv/git/policies",
)


def read(extends: str) -> tuple[str | PinnedPolicy, ...]:
    return read_extended(PolicyText("s", f"extends: {extends}\n".encode()))


def said(extends: str) -> tuple[str, ...]:
    return problems(f"{HEAD.partition('  staging')[0]}extends: {extends}\n")


def test_a_policy_is_a_path_or_a_pin_alone_or_in_a_list() -> None:
    pin = PinnedPolicy(git=URLS[0], commit=COMMIT, path="org.yaml", digest=DIGEST)
    written = f"{{git: '{URLS[0]}', {REST}}}"

    assert read("../policy/org.yaml") == ("../policy/org.yaml",)
    assert read(written) == (pin,)
    assert read(f"[org.yaml, {written}]") == ("org.yaml", pin)
    assert read_extended(PolicyText("s", b"schema: x\n")) == ()


@pytest.mark.parametrize("url", URLS)
def test_a_repository_is_https_ssh_file_or_a_whole_path(url: str) -> None:
    assert said(f"{{git: '{url}', {REST}}}") == ()


@pytest.mark.parametrize(
    "url",
    [
        *("http://h.example/x", "git://h.example/x", "ftp://h.example/x"),
        *("ext::sh -c touch% /tmp/x", "ext::sh", "fd::17", "https::x", "a::b:c"),
        *("--upload-pack=touch x", "-oProxyCommand=x:y", "ssh://-oProxyCommand=x/y"),
        *("ssh://-x@h.example/y", "-x@h.example:y"),
        *("policies", "../policies", "~/policies", "", "C:\\policies"),
        *("https:///x", "https://h.example/x#main", "https://h.example/x?a=b"),
        *("https://h.example/x\\n", "https://h.example/x y"),
    ],
)
def test_what_runs_a_program_or_leads_astray_is_refused(url: str) -> None:
    (found,) = said(f'{{git: "{url}", {REST}}}'.replace("\\p", "\\\\p"))

    assert found.startswith("extends.git: ")


@pytest.mark.parametrize(
    "url",
    [
        *("https://ann:hunter2@h.example/x", "https://hunter2@h.example/x"),
        *("ssh://git:hunter2@h.example/x", "https://ghp_hunter2@h.example/x"),
    ],
)
def test_a_credential_is_refused_and_not_repeated(url: str) -> None:
    (found,) = said(f"{{git: '{url}', {REST}}}")

    assert "a credential" in found
    assert "Git asks its credential helper" in found
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("extends", "expected"),
    [
        ("/etc/org.yaml", "must be a path relative to this file"),
        ("~/org.yaml", "must be a path relative to this file"),
        (":(top)org.yaml", "must be a path relative to this file"),
        ("..", "must name a file"),
        ("''", "must name a file"),
        ("5", "must hold keys and values"),
        ("[a.yaml, 5]", "must hold keys and values"),
        (f"{{git: /x, {REST}, ref: main}}", "unknown key 'ref'"),
        (f"{{git: /x, commit: main, {REST[REST.index('path') :]}}}", "rev-parse"),
        (f"{{git: /x, {REST.replace('org.yaml', '../x')}}}", "inside that repository"),
        (f"{{git: /x, {REST.replace('sha256:', 'sha1:')}}}", "sha256sum"),
    ],
)
def test_anything_else_is_refused(extends: str, expected: str) -> None:
    (found,) = said(extends)

    assert found.startswith("extends")
    assert expected in found


def test_a_pin_needs_all_its_parts() -> None:
    assert said("{git: /x}") == (
        "extends: 'commit' is missing",
        "extends: 'path' is missing",
        "extends: 'digest' is missing",
    )
