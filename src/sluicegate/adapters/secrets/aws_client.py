"""Clients of AWS that know what they are told, and nothing of this machine.

Neither ``~/.aws`` nor the variables with keys nor the metadata of an instance are
looked at: a secret is read as the role that the pipeline file names, or not at all.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from typing_extensions import override

from sluicegate.errors import UsageError

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sts import STSClient

_SECONDS_TO_CONNECT, _SECONDS_TO_READ = 5, 10
_ATTEMPTS = 3
_LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|::1")


@dataclass(frozen=True, slots=True, repr=False)
class AwsKeys:
    """Credentials with a short life."""

    id: str
    secret: str
    token: str


@dataclass(frozen=True)
class AwsClients:
    """Makes clients for *region*; *environ* is asked for other addresses of AWS alone.

    Those are ``AWS_ENDPOINT_URL_STS``, ``AWS_ENDPOINT_URL_SECRETS_MANAGER`` and
    ``AWS_ENDPOINT_URL``, and the CA certificates are in ``AWS_CA_BUNDLE``, else in
    *certificates*, else those that botocore brings.
    """

    region: str
    environ: Mapping[str, str]
    certificates: str | None = None

    @override
    def __repr__(self) -> str:
        return f"AwsClients({self.region!r})"

    def check(self) -> None:
        """See to it that there can be clients, without loading anything.

        Raises:
            UsageError: boto3 is not installed, or an address cannot be used.
        """
        if find_spec("boto3") is None:
            raise _missing()
        for service in ("STS", "SECRETS_MANAGER"):
            find_endpoint(self.environ, service)

    def sts(self) -> "STSClient":
        """A client that signs nothing: a web identity needs no keys.

        Raises:
            UsageError: boto3 is not installed, or an address cannot be used.
        """
        session = _make_session()
        from botocore import UNSIGNED  # noqa: PLC0415 - heavy, and an extra
        from botocore.config import Config  # noqa: PLC0415

        return session.client(
            "sts",
            region_name=self.region,
            endpoint_url=find_endpoint(self.environ, "STS"),
            verify=self._trusted,
            config=_config().merge(Config(signature_version=UNSIGNED)),
        )

    def secrets_manager(self, keys: AwsKeys) -> "SecretsManagerClient":
        """A client with *keys* and no others.

        Raises:
            UsageError: boto3 is not installed, or an address cannot be used.
        """
        return _make_session().client(
            "secretsmanager",
            region_name=self.region,
            endpoint_url=find_endpoint(self.environ, "SECRETS_MANAGER"),
            verify=self._trusted,
            aws_access_key_id=keys.id,
            aws_secret_access_key=keys.secret,
            aws_session_token=keys.token,
            config=_config(),
        )

    @property
    def _trusted(self) -> str | None:
        return self.environ.get("AWS_CA_BUNDLE") or self.certificates


def find_endpoint(environ: Mapping[str, str], service: str) -> str | None:
    """The address of *service* that *environ* names; None for that of AWS.

    Raises:
        UsageError: a secret would go there unencrypted, or it is no address.

    Source:
        AWS SDKs and Tools reference guide, "Service-specific endpoints".
    """
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    for name in (f"AWS_ENDPOINT_URL_{service}", "AWS_ENDPOINT_URL"):
        if address := environ.get(name, ""):
            check_endpoint(name, address)
            return address
    return None


def check_endpoint(variable: str, address: str) -> None:
    """See to it that a secret may go to *address*, which *variable* holds.

    Raises:
        UsageError: it may not.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    host = parts.hostname or ""
    if not host or parts.username is not None:
        raise UsageError(
            f"{variable} is not an address",
            hint="write https:// and a host, or unset it",
        )
    is_here = _LOOPBACK.fullmatch(host) is not None
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
        raise UsageError(
            f"{variable} is not https://, and {host} is another machine:"
            " a secret would be sent to it in the open",
            hint="write https://, or unset it",
        )


def _missing() -> UsageError:
    return UsageError(
        "secrets in AWS Secrets Manager need boto3, which is not installed",
        hint="pip install 'sluicegate[aws]'",
    )


def _config() -> "Config":
    from botocore.config import Config  # noqa: PLC0415 - heavy, and an extra

    return Config(
        connect_timeout=_SECONDS_TO_CONNECT,
        read_timeout=_SECONDS_TO_READ,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        user_agent_extra="sluicegate",
    )


def _make_session() -> "boto3.Session":
    """A session that reads no file of the user and no profile.

    Raises:
        UsageError: boto3 is not installed.
    """
    try:
        import boto3  # noqa: PLC0415 - heavy, and an extra
        from botocore.loaders import Loader  # noqa: PLC0415
        from botocore.session import Session  # noqa: PLC0415
    except ImportError as error:
        raise _missing() from error
    session = Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
            "data_path": (None, None, None, None),
            "ca_bundle": (None, None, None, None),
            "ignore_configured_endpoint_urls": (None, None, True, None),
            "csm_enabled": (None, None, False, None),
        }
    )
    built_in = Loader(
        extra_search_paths=[Loader.BUILTIN_DATA_PATH],
        include_default_search_paths=False,  # among them is ~/.aws/models
    )
    session.register_component("data_loader", built_in)
    return boto3.Session(botocore_session=session)
