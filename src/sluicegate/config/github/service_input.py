"""Find what a workflow for several services calls one of them. Pure."""

import re

_ONE = re.compile(
    r"^    if: inputs\.service == '([A-Za-z0-9][A-Za-z0-9._-]*)'$", re.MULTILINE
)


def find_service(workflow: str, config: str) -> str:
    """The service that whoever starts *workflow* has to name; empty for none.

    Args:
        workflow: the text of the workflow with which people answer, as ``sluice init
            --github=monorepo`` writes it: a job for each service.
        config: the service's pipeline file, from the repository's root.
    """
    _, *parts = _ONE.split(workflow)
    line = re.compile(rf"^ +config: {re.escape(config)}$", re.MULTILINE)
    found = zip(parts[::2], parts[1::2], strict=True)
    return next((name for name, job in found if line.search(job)), "")
