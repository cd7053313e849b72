"""Templates: words and blocks of text files are filled in. Pure.

A word is ``__name__``, anywhere. A block is what stands between the lines ``#<name>``
and ``#</name>``, wherever they begin; it is repeated for every filling that the name
has, so that an empty list leaves it out. Words of blocks are looked for from the inside
outwards.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_WORD = re.compile(r"__([a-z]+(?:_[a-z]+)*)__")
_BEGIN = re.compile(r"\s*#<([a-z_]+)>")


@dataclass(frozen=True, slots=True)
class Filling:
    """What words stand for, and how often and with what blocks are repeated.

    ``blocks`` of a filling may be True or False, too: as they are, once or not at all.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    blocks: Mapping[str, "bool | Sequence[Filling]"] = field(default_factory=dict)

    def inside(self, inner: "Filling") -> "Filling":
        """What holds inside of a block that is filled with *inner*."""
        return Filling({**self.words, **inner.words}, {**self.blocks, **inner.blocks})

    def of_block(self, name: str) -> Sequence["Filling"]:
        """The fillings of the block *name*, which must be known."""
        found = self.blocks[name]
        if isinstance(found, bool):
            return (Filling(),) if found else ()
        return found


def fill(template: str, filling: Filling) -> str:
    """*template* with all its words and blocks filled in, without gaps at its end.

    Raises:
        KeyError: it has a word or a block that *filling* does not know.
    """
    lines = template.splitlines()
    return "\n".join(_fill(lines, filling)).rstrip("\n") + "\n"


def _fill(lines: Sequence[str], filling: Filling) -> Iterator[str]:
    place = 0
    while place < len(lines):
        begin = _BEGIN.fullmatch(lines[place])
        if begin is None:
            yield _WORD.sub(lambda found: filling.words[found[1]], lines[place])
            place += 1
            continue
        name = begin[1]
        end = next(
            at
            for at in range(place + 1, len(lines))
            if lines[at].strip() == f"#</{name}>"
        )
        for inner in filling.of_block(name):
            yield from _fill(lines[place + 1 : end], filling.inside(inner))
        place = end + 1
