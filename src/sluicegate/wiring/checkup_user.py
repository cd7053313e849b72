"""Looking at whoever uses this machine, as those see them who may approve."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sluicegate.errors import UsageError
from sluicegate.gates.known import people_line
from sluicegate.gates.readiness import Ground, is_requester_known
from sluicegate.gates.rules import Rules
from sluicegate.model.policy import normalise
from sluicegate.report.checkup import Check, State
from sluicegate.report.readiness import Asked, Signers, signer_line
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.project import Project
from sluicegate.wiring.signing import read_signer
from sluicegate.wiring.stating import Stating

_Layer = tuple[Asked, Rules, Ground]


@dataclass(frozen=True)
class UserCheckup:
    """Who uses this machine: *requester* are all their names that are known here."""

    project: Project
    inboxes: Inboxes
    requester: tuple[str, ...]
    signers: Signers

    def checks(self, layers: Sequence[_Layer]) -> Iterator[Check]:
        """Whether their runs can be approved, and whether they can approve."""
        yield from self._requester(layers)
        yield self._key(layers)

    def _requester(self, layers: Sequence[_Layer]) -> Iterator[Check]:
        unknown: dict[str, list[_Layer]] = {}
        for each in layers:
            asked, layer, _ = each
            rule = layer.approvals
            if rule and not is_requester_known(rule, layer.people, self.requester):
                unknown.setdefault(asked.source, []).append(each)
        for source, those in unknown.items():
            line = people_line(self.requester, those[0][1].people)
            places = ", ".join(asked.environment for asked, _, _ in those)
            yield Check(
                "requester",
                State.MISSING,
                where=f"nobody knows who you are ({', '.join(self.requester)}), so"
                f" nobody is told apart from you: a run of yours for {places} would"
                " stay pending",
                advice=f"in {source}, under people: {line} (or under services, if it"
                " is nobody's)",
            )
        if not unknown:
            yield Check("requester", State.FOUND, where=self._name(layers))

    def _name(self, layers: Sequence[_Layer]) -> str:
        """What the rules call them."""
        for _, layer, ground in layers:
            people = layer.people
            named = sorted(people.identities.keys() & people.named(self.requester))
            if named:
                return f"{' and '.join(named)}, by the rules of {layer.source}"
            service = next(filter(ground.humans.is_service, self.requester), None)
            if service is not None:
                return f"{service}, a service"
        return ", ".join(self.requester)

    def _key(self, layers: Sequence[_Layer]) -> Check:
        """The key they would sign with, and what it is good for."""
        machine, folder = self.project.machine, self.project.folder
        mine = list(_may(layers, self.requester))
        state = State.WARNING if mine else State.MISSING
        try:
            key = Stating(machine, folder, "").find_key()
        except UsageError as error:
            return Check(
                "your key",
                state,
                where=str(error),
                advice="make one (`ssh-keygen -t ed25519`), or name one with"
                " --sign-with",
                is_needed=bool(mine),
            )
        signer = read_signer(key, self.inboxes)
        if signer is None:
            where = f"{key}: its public half is not beside it"
            advice = f"`ssh-keygen -y -f {key} > {key}.pub`"
            return Check("your key", state, "", where, advice, is_needed=bool(mine))
        allows = [
            what
            for _, _, ground in layers[:1]
            for holder in ground.holders
            if holder.key == signer.fingerprint
            for what in _may(layers, holder.identities, ready=True)
        ]
        if allows:
            names = ", ".join(signer.names)
            where = f"{key} may {', '.join(dict.fromkeys(allows))}"
            return Check("your key", State.FOUND, names, where)
        counts = f"{key} ({signer.fingerprint}) approves nothing here"
        if signer.names:
            advice = f"{self.signers.path} has it as that of {', '.join(signer.names)}"
        else:
            who = next((each for each in self.requester if "@" in each), "NAME")
            line = signer_line(who, f"and what `cat {_public(str(key))}` prints")
            advice = f"have added to {self.signers.path}: {line}"
        return Check(
            "your key",
            state,
            where=counts,
            advice=advice if mine or signer.names else "",
            is_needed=bool(mine),
        )


def _may(
    layers: Sequence[_Layer], identities: Sequence[str], *, ready: bool = False
) -> Iterator[str]:
    """What whoever goes by *identities* may do; only what their keys do, if *ready*."""
    for asked, layer, ground in layers:
        named = frozenset(map(normalise, layer.people.named(identities)))
        if ready and (
            len(named) != 1 or any(map(ground.humans.is_service, identities))
        ):
            continue  # nobody can say who signed
        for verb, rule, reach in (
            ("approve", layer.approvals, asked.reach),
            ("override", layer.override, asked.glass),
        ):
            if rule is None or reach is None:
                continue
            allowed = reach.ready if ready else rule.allowed
            if named.intersection(map(normalise, allowed)):
                yield f"{verb} {asked.environment}"


def _public(key: str) -> str:
    return f"{key.removesuffix('.pub')}.pub"
