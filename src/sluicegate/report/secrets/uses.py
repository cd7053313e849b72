"""The secrets that a pipeline file names, for a person and for machines. Pure."""

import json

from sluicegate.report.escape import escape
from sluicegate.stages.secrets.aws import AwsProvider
from sluicegate.stages.secrets.settings import Provider, Secrets, SecretUse
from sluicegate.stages.secrets.vault import VaultProvider

_NONE = (
    "the pipeline file names no secret: its key `secrets:` says who keeps which, and"
    " which stages get it"
)
_UNUSED = " (no secret is read from it)"


def source_of(use: SecretUse) -> str:
    """Who keeps it and where: ``vault:churn/database#url``, with ``@7`` for a version.

    The field is what follows ``#``, where a secret has several.
    """
    field = "" if use.field is None else f"#{use.field}"
    version = "" if use.version is None else f"@{use.version}"
    return f"{use.from_}:{use.path}{field}{version}"


def uses_text(secrets: Secrets) -> str:
    """Lines, one a secret: its variable, who keeps it, its stages and environments."""
    if not secrets.use:
        return _NONE
    rows = [("variable", "from", "stages", "environments")]
    rows += [
        (
            variable,
            source_of(use),
            ", ".join(use.stages),
            ", ".join(use.environments) or "any run",
        )
        for variable, use in secrets.use.items()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    lines = [
        "  ".join(
            text.ljust(width) for text, width in zip(row, (*widths, 0), strict=True)
        )
        for row in rows
    ]
    used = {use.from_ for use in secrets.use.values()}
    providers = [
        f"{name}: {place_of(provider)}{'' if name in used else _UNUSED}"
        for name, provider in secrets.providers.items()
    ]
    return "\n".join(map(escape, (*lines, "", *providers)))


def place_of(provider: Provider) -> str:
    """Who keeps secrets, and where that is."""
    match provider:
        case VaultProvider():
            return f"{provider.uses} at {provider.address}, mount {provider.mount}"
        case AwsProvider():
            return f"{provider.uses} in {provider.region}, as {provider.role}"
        case _:
            return provider.uses


def uses_document(secrets: Secrets) -> str:
    """The same as JSON."""
    document = {
        "secrets": [
            {
                "variable": variable,
                "provider": use.from_,
                "uses": secrets.providers[use.from_].uses,
                "path": use.path,
                "field": use.field,
                "version": use.version,
                "stages": list(use.stages),
                "environments": list(use.environments),
            }
            for variable, use in secrets.use.items()
        ],
        "providers": [
            {"name": name, "uses": provider.uses}
            for name, provider in secrets.providers.items()
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)
