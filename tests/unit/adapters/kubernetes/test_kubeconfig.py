import json
from pathlib import Path

import pytest
from kube_api import Json

from sluicegate.adapters.kubernetes.kubeconfig import Choice, choose
from sluicegate.errors import PermanentError, UsageError

SECRET = "a-very-secret-token"  # noqa: S105


def config(**users: Json) -> Json:
    """A kubeconfig with a cluster ``c`` and a context for each user."""
    return {
        "current-context": "other",
        "clusters": [
            {"name": "c", "cluster": {"server": "https://shop.example:6443/"}}
        ],
        "users": [{"name": name, "user": user} for name, user in users.items()],
        "contexts": [
            {"name": name, "context": {"cluster": "c", "user": name, "namespace": "x"}}
            for name in users
        ],
    }


def chosen(folder: Path, context: str, **users: Json) -> Choice:
    path = folder / "config"
    path.write_text(json.dumps(config(**users)))
    return choose([path], context)


def refused(folder: Path, user: Json) -> PermanentError:
    """Why *user* cannot be used; without what is secret."""
    with pytest.raises(PermanentError) as caught:
        chosen(folder, "ann", ann=user)
    assert SECRET not in f"{caught.value}{caught.value.hint}"
    return caught.value


def test_a_context_means_its_cluster_and_user(tmp_path: Path) -> None:
    found = chosen(tmp_path, "ann", bob={"token": "b"}, ann={"token": SECRET})
    assert found.server.url == "https://shop.example:6443"
    assert (found.login.user, found.login.token) == ("ann", SECRET)
    assert SECRET not in repr(found)


def test_the_context_in_use_is_nobodys_choice(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no context test in .*: ann, bob$"):
        chosen(tmp_path, "test", ann={}, bob={})


def test_many_contexts_are_not_all_listed(tmp_path: Path) -> None:
    users: dict[str, Json] = {f"u{number:02}": {} for number in range(30)}
    with pytest.raises(UsageError, match=r"u00, .*, u09 and 20 more$"):
        chosen(tmp_path, "test", **users)


def test_no_kubeconfig_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no kubeconfig: .*config is not there"):
        choose([tmp_path / "config"], "test")


def test_of_several_files_the_first_that_has_a_name_wins(tmp_path: Path) -> None:
    one, two = tmp_path / "one" / "config", tmp_path / "two" / "config"
    for path in (one, two):
        path.parent.mkdir()
    first = config(ann={"tokenFile": "token"})
    first["clusters"] = []
    one.write_text(json.dumps(first))
    second = config(ann={"tokenFile": "other"}, bob={"tokenFile": "bobs"})
    second["clusters"][0]["cluster"]["certificate-authority"] = "ca.crt"
    two.write_text(json.dumps(second))
    files = [tmp_path / "missing", one, two]
    found = choose(files, "ann")
    assert found.login.token_file == one.parent / "token"
    assert found.server.ca.path == two.parent / "ca.crt"
    assert choose(files, "bob").login.token_file == two.parent / "bobs"


@pytest.mark.parametrize(
    ("name", "successor"),
    [
        ("gcp", "gke-gcloud-auth-plugin"),
        ("azure", "kubelogin convert-kubeconfig"),
        ("oidc", "kubectl oidc-login"),
        ("acme", "your cluster's vendor"),
    ],
)
def test_a_login_that_kubernetes_gave_up_names_its_successor(
    name: str, successor: str, tmp_path: Path
) -> None:
    error = refused(
        tmp_path, {"auth-provider": {"name": name, "config": {"id-token": SECRET}}}
    )
    assert f"auth-provider {name}" in str(error)
    assert successor in (error.hint or "")


def plugin(**changed: object) -> Json:
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "aws",
            "args": ["eks", "get-token", "--cluster-name", "shop"],
            "env": [{"name": "AWS_PROFILE", "value": "shop"}],
            "installHint": "install\n\x1b[31mit",
            "provideClusterInfo": True,
            **changed,
        }
    }


def test_a_plugin_is_read_as_the_vendors_write_it(tmp_path: Path) -> None:
    found = chosen(tmp_path, "ann", ann=plugin()).login.plugin
    assert found is not None
    assert found.command == "aws"
    assert found.args == ("eks", "get-token", "--cluster-name", "shop")
    assert found.env == {"AWS_PROFILE": "shop"}
    assert found.wants_cluster
    assert found.install_hint == "install [31mit"
    beside = chosen(tmp_path, "ann", ann=plugin(command="./bin/login")).login.plugin
    assert beside is not None
    assert beside.command == str(tmp_path / "bin/login")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"apiVersion": "client.authentication.k8s.io/v1alpha1"}, "v1alpha1, not one"),
        ({"apiVersion": None}, "is missing, not one of"),
        ({"command": ""}, "names no command"),
        ({"interactiveMode": "Always"}, "wants somebody at a terminal"),
        ({"interactiveMode": "Sometimes"}, "interactiveMode is Sometimes"),
        ({"args": {"a": SECRET}}, "args is an object, not a list"),
        ({"env": [{"name": "A", "value": [SECRET]}]}, "value is a list, not a text"),
    ],
)
def test_a_plugin_that_cannot_be_run_is_refused(
    changed: Json, says: str, tmp_path: Path
) -> None:
    assert says in str(refused(tmp_path, plugin(**changed)))


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ({"token": [SECRET]}, "token is a list, not a text"),
        ({"token": SECRET, "username": "ann", "password": "p"}, "a token and a passw"),
        ({"client-certificate-data": "!" + SECRET}, "is no base64"),
        ({"client-certificate": "ann.crt"}, "a client certificate without a key"),
    ],
)
def test_a_login_that_cannot_be_used_is_not_repeated(
    user: Json, says: str, tmp_path: Path
) -> None:
    assert says in str(refused(tmp_path, user))


@pytest.mark.parametrize(
    "server",
    ["", "shop.example", "ftp://shop", "https://", "https://a:b@shop", "https://h:x"],
)
def test_an_address_that_is_none_is_refused(server: str, tmp_path: Path) -> None:
    found = config(ann={})
    found["clusters"][0]["cluster"]["server"] = server
    path = tmp_path / "config"
    path.write_text(json.dumps(found))
    with pytest.raises(PermanentError, match="is no address of an API server"):
        choose([path], "ann")


@pytest.mark.parametrize(("kind", "who"), [("clusters", "cluster"), ("users", "user")])
def test_what_a_context_refers_to_has_to_be_there(
    kind: str, who: str, tmp_path: Path
) -> None:
    found = config(ann={})
    found[kind] = []
    path = tmp_path / "config"
    path.write_text(json.dumps(found))
    with pytest.raises(PermanentError, match=f"the context ann is of a {who} "):
        choose([path], "ann")


@pytest.mark.parametrize(
    "text",
    [
        f"users: [{{token: {SECRET}",
        f"- {SECRET}",
        f"clusters: {SECRET}",
        f"a: !!python/object/apply:os.system [{SECRET}]",
        "{" * 1200,
    ],
)
def test_a_file_that_is_no_kubeconfig_is_not_quoted(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises((PermanentError, UsageError)) as caught:
        choose([path], "ann")
    assert SECRET not in f"{caught.value}{caught.value.hint}"


def test_whom_a_user_acts_as_is_read(tmp_path: Path) -> None:
    acting = {"as": "bob", "as-groups": ["g"], "as-user-extra": {"k": ["v", "w"]}}
    found = chosen(tmp_path, "ann", ann={"token": SECRET, **acting}).login.act_as
    assert found is not None
    assert (found.user, found.groups, found.extra) == ("bob", ("g",), {"k": ("v", "w")})
