"""Options that the commands of ``sluice audit`` have in common."""

import click

log_option = click.option(
    "--log",
    "place",
    metavar="PLACE",
    help="The log: a folder, git:REF or s3://BUCKET/PREFIX; default: the one that the "
    "pipeline file in this folder names, else .sluicegate/audit.",
)
key_option = click.option(
    "--key",
    "vkey",
    metavar="VKEY",
    help="The key that must have signed the log, name+hex+base64; default: this "
    "machine's, else the one the log itself names.",
)
