"""Why a connection failed, in one sentence."""

import socket
import ssl
from urllib.parse import urlsplit

import httpx2

from sluicegate.adapters.kubernetes.server import Server
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import ExternalError, PermanentError, TransientError

_EXPIRED, _NOT_YET, _OTHER_NAME = 10, 9, 62  # X509_V_ERR_*
_OTHER_ADDRESS = 64
_REFUSED_CLIENT = ("ALERT_CERTIFICATE", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA")
_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
)
_WAY = "is a VPN needed, or a proxy (proxy-url in the kubeconfig)?"


def was_sent(error: Exception) -> bool:
    """Whether the server may have seen the request before *error*."""
    return not isinstance(error, _NOT_SENT)


def explain(error: Exception, server: Server, proxy: str | None) -> ExternalError:
    """*error* of the connection to *server*, in words; transient if it may go away."""
    bottom = _bottom(error)
    if isinstance(bottom, ssl.SSLCertVerificationError):
        return _explain_certificate(bottom, server)
    if isinstance(bottom, ssl.SSLError) and not isinstance(bottom, ssl.SSLEOFError):
        return _explain_tls(bottom, server)
    if isinstance(error, httpx2.ProxyError):
        return PermanentError(
            f"the proxy {_host(proxy)} does not lead to {server.host}: {_said(bottom)}",
            hint="see proxy-url in the kubeconfig, HTTPS_PROXY and NO_PROXY",
        )
    if isinstance(error, _NOT_SENT):
        return _explain_unreached(bottom, server, proxy)
    through = f" through the proxy {_host(proxy)}" if proxy else ""
    if isinstance(error, httpx2.TimeoutException | TimeoutError):
        return TransientError(f"no answer of {server.host}{through} in time")
    if isinstance(error, httpx2.TransportError):
        return TransientError(
            f"the connection to {server.host}{through} was cut: {_said(bottom)}"
        )
    return PermanentError(f"{server.host} cannot be asked: {_said(bottom)}")


def _explain_unreached(
    bottom: BaseException, server: Server, proxy: str | None
) -> ExternalError:
    if isinstance(bottom, socket.gaierror):
        who = f"the proxy {_host(proxy)}" if proxy else server.host
        return TransientError(f"the name of {who} cannot be resolved", hint=_WAY)
    through = f" through the proxy {_host(proxy)}" if proxy else ""
    return TransientError(
        f"{server.host} cannot be reached{through}: {_said(bottom)}", hint=_WAY
    )


def _explain_certificate(
    error: ssl.SSLCertVerificationError, server: Server
) -> ExternalError:
    code = error.verify_code
    if code in {_EXPIRED, _NOT_YET}:
        when = "has expired" if code == _EXPIRED else "is not valid yet"
        return PermanentError(
            f"the certificate of {server.host} {when}",
            hint="have the cluster renew it; is this machine's clock right?",
        )
    if code in {_OTHER_NAME, _OTHER_ADDRESS}:
        return PermanentError(
            f"the certificate of {server.host} is for another name:"
            f" {show(error.verify_message)}",
            hint="tls-server-name of the cluster in the kubeconfig says which is right",
        )
    return PermanentError(
        f"the certificate of {server.host} is of nobody who is trusted:"
        f" {show(error.verify_message)}",
        hint="certificate-authority(-data) of the cluster in the kubeconfig says whom"
        " to trust",
    )


def _explain_tls(error: ssl.SSLError, server: Server) -> ExternalError:
    reason = error.reason or ""
    if any(each in reason for each in _REFUSED_CLIENT):
        return PermanentError(
            f"{server.host} refuses our client certificate: {show(reason)}",
            hint="get a new kubeconfig of that cluster",
        )
    if "WRONG_VERSION_NUMBER" in reason or "HTTP_REQUEST" in reason:
        return PermanentError(
            f"{server.host} does not speak TLS",
            hint="see server of the cluster in the kubeconfig: http or https?",
        )
    return TransientError(f"no secure connection to {server.host}: {show(reason)}")


def _bottom(error: BaseException) -> BaseException:
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return error


def _said(error: BaseException) -> str:
    said = error.strerror if isinstance(error, OSError) else None
    return show(str(said or error) or type(error).__name__)


def _host(url: str | None) -> str:
    return show(urlsplit(url or "").netloc.rpartition("@")[2], 120)
