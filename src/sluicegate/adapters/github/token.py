"""A token for GitHub that this process is lent: for it alone.

As with a log key, no program that is started later finds it where the kernel shows the
environment of this process, see `sluicegate.adapters.keys_ephemeral`. Programs that
this process starts are given none of these variables anyway.
"""

from collections.abc import Mapping

from sluicegate.adapters.own_memory import keep_others_out, wipe_variable

VARIABLE = "SLUICE_GITHUB_TOKEN"
USUAL = ("GITHUB_TOKEN", "GH_TOKEN")
ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


def take_tokens(environ: Mapping[str, str]) -> dict[str, str]:
    """Take the tokens that *environ*, the real environment, gives to this process.

    Their texts are wiped where the kernel shows them. It is the caller who removes
    `VARIABLE`, which is for sluicegate alone; the others may be somebody else's.
    """
    every = (VARIABLE, *USUAL, *ENTERPRISE)
    found = {name: environ[name] for name in every if environ.get(name)}
    if VARIABLE in found:
        keep_others_out()
    for name in found:
        wipe_variable(name)
    return found
