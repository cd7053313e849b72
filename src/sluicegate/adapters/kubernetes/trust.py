"""The TLS settings of a connection: whom we trust, and what we show."""

import ssl
import tempfile
from datetime import datetime
from pathlib import Path

from cryptography import x509

from sluicegate.adapters.kubernetes.credentials import Certificate
from sluicegate.adapters.kubernetes.server import Server
from sluicegate.errors import PermanentError


def build_context(
    server: Server, certificate: Certificate | None, ca_bundle: str | None
) -> ssl.SSLContext:
    """The settings for *server*, which is shown *certificate*.

    Without a certificate authority of its own the server is checked by *ca_bundle*, or
    by those of this system.

    Raises:
        PermanentError: a certificate or key cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if server.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif server.ca:
        pem = server.ca.read("the certificate authority")
        try:
            context.load_verify_locations(cadata=pem.decode("ascii"))
        except (ssl.SSLError, ValueError) as error:
            raise PermanentError(
                f"the certificate authority of {server.host} is not in PEM",
                hint="see certificate-authority(-data) of the kubeconfig's cluster",
            ) from error
    else:
        context.load_default_certs()
        if ca_bundle is not None:
            context.load_verify_locations(cafile=ca_bundle)
    # The CAs that clusters make for themselves lack what the strict check of
    # Python 3.13 wants (an authority key identifier); Go does not want it either.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if certificate is not None:
        _load(context, certificate)
    return context


def check_certificate(certificate: Certificate, user: str, now: datetime) -> None:
    """See to it that *certificate* can be shown at *now*.

    Raises:
        PermanentError: it has expired, or is none.
    """
    try:
        found = x509.load_pem_x509_certificate(certificate[0])
    except ValueError as error:
        raise PermanentError(
            f"the client certificate of the kubeconfig's user {user} is not in PEM"
        ) from error
    if found.not_valid_after_utc <= now:
        raise PermanentError(
            f"the client certificate of the kubeconfig's user {user} expired on"
            f" {found.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
            hint="get a new kubeconfig of that cluster",
        )


def _load(context: ssl.SSLContext, certificate: Certificate) -> None:
    """OpenSSL takes files alone: one that is ours only, for a moment."""
    with tempfile.TemporaryDirectory(prefix="sluicegate-") as folder:
        path = Path(folder) / "client.pem"
        path.touch(mode=0o600)
        path.write_bytes(certificate[0] + b"\n" + certificate[1])
        try:
            # An empty password: without one, OpenSSL would ask at the terminal.
            context.load_cert_chain(path, password="")
        except (ssl.SSLError, ValueError, OSError) as error:
            raise PermanentError(
                "the client certificate and its key cannot be used: not in PEM,"
                " encrypted, or not of each other",
                hint="see client-certificate and client-key in the kubeconfig",
            ) from error
