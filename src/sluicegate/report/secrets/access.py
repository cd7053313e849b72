"""What came of asking for the secrets of a pipeline: for people and machines. Pure."""

import enum
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shlex import quote

from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.model.secret_access import Survey
from sluicegate.report.github.setup import setup_lines
from sluicegate.report.secrets.policy_text import PolicyText


@enum.unique
class Access(enum.Enum):
    """Whether somebody may do what is needed, and no more."""

    ENOUGH = "enough"
    TOO_MUCH = "too much"
    NOT_ENOUGH = "not enough"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something could not be done; ``is_answer``: asking again tells the same."""

    what: str
    advice: str = ""
    is_answer: bool = True


@dataclass(frozen=True, slots=True)
class SecretRead:
    """One secret that was read, and forgotten: all that is kept is its version."""

    variable: str
    source: str
    version: str | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class ProviderAccess:
    """What came of asking the provider ``name``, a ``kind`` at a ``place``.

    ``refused`` says why there is no login. ``left`` says why a login was not revoked,
    and until when it lasts.
    """

    name: str
    kind: str
    place: str = ""
    reads: tuple[SecretRead, ...] = ()
    survey: Survey | None = None
    refused: Trouble | None = None
    left: str | None = None
    policies: tuple[PolicyText, ...] = ()

    @property
    def access(self) -> Access:
        """The worst that was found: an answer goes before none."""
        troubles = [read.trouble for read in self.reads if read.trouble is not None]
        if any(trouble.is_answer for trouble in troubles):
            return Access.NOT_ENOUGH
        if self.survey is not None and self.survey.excess:
            return Access.TOO_MUCH
        is_known = self.survey is None or not self.survey.unknown
        if self.refused is not None or troubles or not is_known:
            return Access.UNKNOWN
        return Access.ENOUGH


def access_checks(found: ProviderAccess) -> Iterator[HostCheck]:
    """One line for each thing that was looked at."""
    if found.refused is not None:
        yield _trouble("login", found.refused, Standing.PROBLEM)
    elif found.survey is not None:
        yield HostCheck("login", Standing.FINE, found.survey.identity)
    for read in found.reads:
        if read.trouble is not None:
            what = f"{read.variable} from {read.source}"
            yield _trouble(what, read.trouble, Standing.PROBLEM)
            continue
        version = "" if read.version is None else f", version {read.version}"
        said = f"can be read from {read.source}{version}"
        yield HostCheck(read.variable, Standing.FINE, said)
    if found.survey is not None:
        yield from _surveyed(found.survey)
    if found.left is not None:
        yield HostCheck("end", Standing.NOTE, found.left)
    elif found.survey is not None:
        yield HostCheck("end", Standing.FINE, "the login is revoked")


def _surveyed(survey: Survey) -> Iterator[HostCheck]:
    for excess in survey.excess:
        yield HostCheck(excess.place, Standing.PROBLEM, f"may also {excess.allows}")
    for unknown in survey.unknown:
        yield HostCheck("unknown", Standing.UNKNOWN, unknown)
    for note in survey.notes:
        yield HostCheck("note", Standing.NOTE, note)
    if not survey.excess and not survey.unknown:
        yield HostCheck(
            "no more", Standing.FINE, "all else that was asked about is refused"
        )


def _trouble(topic: str, trouble: Trouble, standing: Standing) -> HostCheck:
    if not trouble.is_answer:
        standing = Standing.UNKNOWN
    return HostCheck(topic, standing, trouble.what, fix=trouble.advice)


def access_text(found: ProviderAccess) -> str:
    """The lines of one provider, without a terminal's means."""
    lines = [title(found)]
    for check in access_checks(found):
        lines += [line for _, line in setup_lines(check)]
    return "\n".join((*lines, conclusion(found)))


def title(found: ProviderAccess) -> str:
    """The name of a provider, and what it is."""
    return f"{found.name}: {found.place or found.kind}"


def conclusion(found: ProviderAccess) -> str:
    """What it comes to."""
    return {
        Access.ENOUGH: "just enough: it reads these secrets",
        Access.TOO_MUCH: "too much: it may do more than read these secrets",
        Access.NOT_ENOUGH: "not enough: a stage would not get its secrets",
        Access.UNKNOWN: "unknown: there is no answer",
    }[found.access]


def policies_text(texts: Sequence[PolicyText]) -> str:
    """What to paste into a shell: files of policies, and commands that use them."""
    return "\n".join(f"# {each.title}\n{_pasted(each)}" for each in texts).rstrip("\n")


def _pasted(text: PolicyText) -> str:
    if text.name is None:
        return text.text
    return f"cat >{quote(text.name)} <<'END'\n{text.text}END\n"


def access_document(found: Sequence[ProviderAccess]) -> str:
    """The document of ``--json``."""
    return json.dumps(
        {"providers": [_provider(each) for each in found]}, ensure_ascii=False, indent=2
    )


def policies_document(found: Sequence[ProviderAccess]) -> str:
    """The same of ``--policy``, where nobody was asked."""
    providers = [
        {"name": each.name, "uses": each.kind, "policies": _policies(each)}
        for each in found
    ]
    return json.dumps({"providers": providers}, ensure_ascii=False, indent=2)


def _provider(found: ProviderAccess) -> dict[str, object]:
    survey = found.survey
    return {
        "name": found.name,
        "uses": found.kind,
        "access": found.access.value.replace(" ", "_"),
        "login": None if survey is None else survey.identity,
        "refused": _json(found.refused),
        "secrets": [
            {
                "variable": read.variable,
                "source": read.source,
                "version": read.version,
                "problem": _json(read.trouble),
            }
            for read in found.reads
        ],
        "excess": [
            {"place": each.place, "allows": each.allows}
            for each in (survey.excess if survey else ())
        ],
        "unknown": list(survey.unknown if survey else ()),
        "notes": list(survey.notes if survey else ()),
        "revoked": None if found.refused is not None else found.left is None,
        "left": found.left,
        "policies": _policies(found),
    }


def _json(trouble: Trouble | None) -> dict[str, object] | None:
    if trouble is None:
        return None
    return {
        "what": trouble.what,
        "advice": trouble.advice or None,
        "answer": trouble.is_answer,
    }


def _policies(found: ProviderAccess) -> list[dict[str, object]]:
    return [
        {"title": each.title, "language": each.language, "text": each.text}
        for each in found.policies
    ]
