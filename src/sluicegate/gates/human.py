"""Who is one and the same human, by all that any layer of the rules knows. Pure.

Each layer names people by its own list. What the other layers know besides may only
tell fewer people apart: it keeps somebody from approving their own change under an
address that one file knows and another one does not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from sluicegate.model.policy import People, normalise


@dataclass(frozen=True, slots=True)
class Humans:
    """All that the layers ``lists`` know together.

    ``circles`` are identities, names among them, that are of one human; they do not
    overlap.
    """

    lists: tuple[People, ...]
    circles: tuple[frozenset[str], ...]

    @classmethod
    def known_to(cls, lists: Iterable[People]) -> Self:
        """Take together whoever shares an identity or a name."""
        kept = tuple(lists)
        circles: list[frozenset[str]] = []
        for people in kept:
            for name, identities in people.identities.items():
                circle = frozenset(map(normalise, {name, *identities}))
                apart = [other for other in circles if not other & circle]
                touching = [other for other in circles if other & circle]
                circles = [*apart, circle.union(*touching)]
        return cls(kept, tuple(circles))

    def behind(self, identities: Iterable[str]) -> frozenset[str]:
        """All that is known of whoever goes by *identities*, these included."""
        plain = frozenset(map(normalise, identities))
        return plain.union(*(circle for circle in self.circles if circle & plain))

    def names(self, identities: Iterable[str]) -> tuple[str, ...]:
        """What the first layer that lists them calls whoever goes by *identities*.

        Who is listed nowhere is called what they signed as.
        """
        return tuple(dict.fromkeys(map(self._name, identities)))

    def _name(self, identity: str) -> str:
        for people in self.lists:
            listed = people.identities.keys() & people.named([identity])
            if listed:
                return min(listed)
        return identity

    def is_service(self, identity: str) -> bool:
        """Whether any layer knows that it is no person's."""
        return People().is_service(identity) or any(
            people.is_service(identity) for people in self.lists
        )

    def is_person(self, identity: str) -> bool:
        """Whether any layer takes it for a person's: here a layer's word frees nobody.

        So no file can silence somebody's no by calling them a service.
        """
        return not all(
            people.is_service(identity) for people in self.lists or (People(),)
        )
