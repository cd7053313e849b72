"""A certificate authority of the cluster: for its server, and for its users."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """Makes certificates; all of it lives in memory."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
        basic = x509.BasicConstraints(ca=True, path_length=None)
        self._own = (
            self._builder(self._name, self._key.public_key(), timedelta(days=3650))
            .add_extension(basic, critical=True)
            .add_extension(_signs_certificates(), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> str:
        """PEM."""
        return self._own.public_bytes(serialization.Encoding.PEM).decode()

    def server(self) -> "Identity":
        """For 127.0.0.1 and localhost."""
        names = x509.SubjectAlternativeName(
            [
                x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
                x509.DNSName("localhost"),
                x509.DNSName("kubernetes.default.svc"),
            ]
        )
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")]
        return self._issue(subject, ExtendedKeyUsageOID.SERVER_AUTH, names)

    def client(
        self, user: str, groups: tuple[str, ...] = (), lasts: timedelta | None = None
    ) -> "Identity":
        """For a user: the common name; groups are organizations."""
        subject = [
            *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in groups),
            x509.NameAttribute(NameOID.COMMON_NAME, user),
        ]
        usage = ExtendedKeyUsageOID.CLIENT_AUTH
        return self._issue(subject, usage, lasts=lasts or timedelta(days=1))

    def _issue(
        self,
        subject: list[x509.NameAttribute[str]],
        usage: x509.ObjectIdentifier,
        names: x509.SubjectAlternativeName | None = None,
        lasts: timedelta = timedelta(days=1),
    ) -> "Identity":
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(x509.Name(subject), key.public_key(), lasts)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        return Identity(builder.sign(self._key, hashes.SHA256()), key)

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, lasts: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        signer = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + lasts)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer),
                critical=False,
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key), critical=False
            )
        )


class Identity:
    """A certificate with its key."""

    def __init__(
        self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
    ) -> None:
        pem = serialization.Encoding.PEM
        self.certificate = certificate.public_bytes(pem).decode()
        self.key = key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def save(self, folder: Path) -> Self:
        """As ``tls.crt`` and ``tls.key`` in *folder*."""
        (folder / "tls.crt").write_text(self.certificate)
        (folder / "tls.key").write_text(self.key)
        return self


def server_context(authority: Authority, folder: Path) -> ssl.SSLContext:
    """For a server that takes clients with and without a certificate."""
    authority.server().save(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    context.load_verify_locations(cadata=authority.certificate)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["http/1.1"])
    return context


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
