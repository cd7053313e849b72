"""moto's server, which speaks as AWS does and enforces no policies. One a process."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import boto3
from moto.server import ThreadedMotoServer

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

REGION = "eu-central-1"
ACCOUNT = "123456789012"  # moto's
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sluice"


@cache
def moto_address() -> str:
    """Where it listens, on loopback; it ends with this process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def moto_environment() -> Mapping[str, str]:
    """The one variable that leads there."""
    return {"AWS_ENDPOINT_URL": moto_address()}


def moto_secrets() -> "SecretsManagerClient":
    """Who may write secrets there."""
    return boto3.client(
        "secretsmanager",
        region_name=REGION,
        endpoint_url=moto_address(),
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",  # noqa: S106 - of no service
    )
