import pytest

from sluicegate.adapters.kubernetes.proxies import proxy_of
from sluicegate.adapters.kubernetes.server import Server

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("https://a.example", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://a.example", {"https_proxy": PROXY}, PROXY),
        ("https://a.example", {"https_proxy": "proxy:1"}, "http://proxy:1"),
        ("https://a.example", {"HTTP_PROXY": PROXY}, None),
        ("http://a.example", {"HTTP_PROXY": PROXY}, PROXY),
        ("https://a.example", {"HTTPS_PROXY": ""}, None),
        ("https://127.0.0.1:6443", {"HTTPS_PROXY": PROXY}, None),
        ("https://127.1.2.3:6443", {"HTTPS_PROXY": PROXY}, None),
        ("https://localhost:6443", {"HTTPS_PROXY": PROXY}, None),
        ("https://[::1]:6443", {"HTTPS_PROXY": PROXY}, None),
    ],
)
def test_a_proxy_of_the_environment_is_for_what_is_elsewhere(
    url: str, environ: dict[str, str], expected: str | None
) -> None:
    assert proxy_of(Server(url), environ) == expected


@pytest.mark.parametrize(
    ("exception", "url", "is_excepted"),
    [
        ("*", "https://a.example", True),
        ("example", "https://a.example", True),
        ("a.example", "https://a.example", True),
        ("A.Example", "https://a.example", True),
        (".example", "https://a.example", True),
        (".a.example", "https://a.example", False),
        ("*.example", "https://a.example", True),
        ("b.example, a.example", "https://a.example", True),
        ("ample", "https://a.example", False),
        ("a.example:6443", "https://a.example:6443", True),
        ("a.example:6443", "https://a.example:443", False),
        ("a.example:443", "https://a.example", True),
        ("10.0.0.0/8", "https://10.1.2.3:6443", True),
        ("10.0.0.0/8", "https://11.1.2.3:6443", False),
        ("10.0.0.0/8", "https://a.example", False),
        ("10.0.0.0/99", "https://10.1.2.3", False),
        ("10.1.2.3", "https://10.1.2.3:6443", True),
        ("fd00::/8", "https://[fd00::1]:6443", True),
        ("fd00::1", "https://[fd00::1]:6443", True),
        ("[fd00::1]:6443", "https://[fd00::1]:6443", True),
        (",,", "https://a.example", False),
    ],
)
def test_exceptions_are_those_that_kubectl_makes(
    exception: str,
    url: str,
    is_excepted: bool,  # noqa: FBT001 - a table
) -> None:
    environ = {"HTTPS_PROXY": PROXY, "NO_PROXY": exception}
    assert (proxy_of(Server(url), environ) is None) == is_excepted


def test_the_kubeconfigs_own_proxy_goes_before_all() -> None:
    server = Server("https://127.0.0.1:6443", proxy="http://own:1")
    assert proxy_of(server, {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}) == "http://own:1"
