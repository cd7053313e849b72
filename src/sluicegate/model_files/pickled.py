"""Pickles: every instruction of every pickle is followed, and none is carried out.

What a pickle imports and calls decides what it does, so a small machine keeps track of
where each value comes from: a constant text, an import, what a call has made, anything
else. It understands arguments as leniently as the most lenient reader, and refuses what
is not written as picklers write it.

Source:
    CPython's Lib/pickletools.py (the table of instructions) and Modules/_pickle.c.
"""

import pickletools
import re
from dataclasses import dataclass, field

from sluicegate.model_files.refused import Refused
from sluicegate.model_files.source import Cursor, Source

_MOST_STEPS = 20_000_000
_MOST_STEPS_OF_OTHERS = 100_000
_MOST_NAMED = 20
_MAX_TEXT_BYTES = 4096
_PROTOCOL = 5
_LONGEST_INDEX = 20  # digits
_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_TABLE = {op.code.encode("latin-1")[0]: op for op in pickletools.opcodes}
_PREFIX = {-2: 1, -3: 4, -4: 4, -5: 8}  # bytes of a length, by pickletools' marks
_TEXTS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"})
_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})
_FORBIDDEN = frozenset({"EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER"})
_CALLS = {"REDUCE": 1, "NEWOBJ": 1, "NEWOBJ_EX": 2}  # values above the callable


class _Mark:
    """What MARK puts on the stack."""


class _Other:
    """A value of no consequence."""


class _Made:
    """What a call of something allowed has made."""


@dataclass(frozen=True, slots=True)
class _Import:
    name: str


_MARK, _OTHER, _MADE = _Mark(), _Other(), _Made()
_Value = _Mark | _Other | _Made | _Import | str


class NotFollowed(Exception):  # noqa: N818 - said of bytes, not of us
    """The bytes cannot be those of a pickle: the machine would stop here."""


@dataclass(slots=True)
class Allowed:
    """What pickles may import, each as ``module.name``; ``found`` is what they do.

    ``persistent``: whether they may refer to what is stored beside them.
    """

    names: frozenset[str] = frozenset()
    persistent: bool = False
    found: dict[str, None] = field(default_factory=dict)

    def refused(self) -> list[str]:
        """What is imported and not allowed."""
        return [name for name in self.found if name not in self.names]


def check_pickles(source: Source, allowed: Allowed, start: int = 0) -> None:
    """Follow all the pickles in *source*, one after the other, to its end.

    Raises:
        Refused: they import what is not allowed, or do what no pickler writes.
    """
    at = Cursor(source, start)
    steps = _MOST_STEPS
    try:
        while at.left:
            steps = _Machine(at, allowed, steps).run()
    except NotFollowed as error:
        _check_imports(allowed)
        raise Refused("pickle", f"a pickle that cannot be followed: {error}") from error
    _check_imports(allowed)


def _check_imports(allowed: Allowed) -> None:
    refused = allowed.refused()
    if refused:
        shown = ", ".join(name[:100] for name in refused[:_MOST_NAMED])
        raise Refused("pickle-import", f"a pickle imports {shown}")


def acts_as_pickle(source: Source) -> bool:
    """Whether a reader that takes *source* for a pickle would import or call anything.

    It would do so before it notices that the rest is none.
    """
    nothing = Allowed(persistent=True)
    try:
        _Machine(Cursor(source), nothing, _MOST_STEPS_OF_OTHERS, observe=True).run()
    except NotFollowed:
        return bool(nothing.found)
    except Refused:
        return True
    return bool(nothing.found)


def is_pickle(source: Source) -> bool:
    """Whether *source* begins with a pickle, or acts as one."""
    try:
        observed = Allowed(persistent=True)
        _Machine(Cursor(source), observed, _MOST_STEPS_OF_OTHERS, observe=True).run()
    except NotFollowed:
        head = source.read(0, min(2, source.size))
        started = len(head) == 2 and head[0] == 0x80 and head[1] <= _PROTOCOL  # noqa: PLR2004 - PROTO and its argument
        return started or acts_as_pickle(source)
    except Refused:
        return acts_as_pickle(source)
    return True


class _Machine:
    """Follows one pickle, from the cursor to its STOP."""

    def __init__(
        self, at: Cursor, allowed: Allowed, steps: int, *, observe: bool = False
    ) -> None:
        """Create it; to *observe* is to ask what it imports, and not to refuse."""
        self._at, self._allowed, self._steps = at, allowed, steps
        self._observe = observe
        self._stack: list[_Value] = []
        self._memo: dict[int, _Value] = {}
        self._frame_end = 0

    def run(self) -> int:
        """Follow it; how many steps are left."""
        while True:
            self._steps -= 1
            if self._steps < 0:
                raise Refused("too-large", "a pickle of too many instructions")
            op = _TABLE.get(self._byte())
            if op is None:
                raise NotFollowed("an unknown instruction")
            if op.name == "STOP":
                self._pop()
                if self._stack:
                    raise NotFollowed("values are left over")
                return self._steps
            start = self._at.position
            self._step(op)
            self._check_frame(op, start)

    def _check_frame(self, op: pickletools.OpcodeInfo, start: int) -> None:
        """See that frames end where instructions do: readers differ otherwise."""
        if op.name == "FRAME" and self._frame_end < start:
            self._at.position = start
            self._frame_end = start + 8 + self._integer(8)
        elif op.name == "FRAME" or start <= self._frame_end < self._at.position:
            self._allowed.found["(a broken frame)"] = None
            raise NotFollowed("a frame ends within an instruction")

    def _step(self, op: pickletools.OpcodeInfo) -> None:
        name = op.name
        if name in _FORBIDDEN:
            self._refuse(f"uses {name}")
            raise NotFollowed("it needs what no loader has at hand")
        if name in {"PERSID", "BINPERSID"} and not self._allowed.persistent:
            self._refuse(f"uses {name}")
        if name == "GLOBAL":
            self._push(self._import(self._line(), self._line()))
        elif name == "INST":
            self._import(self._line(), self._line())
            self._pop_to_mark()
            self._push(_MADE)
        elif name in _TEXTS:
            self._push(self._text(op))
        else:
            argument = self._argument(op)
            if name in _PUTS:
                self._put(argument, self._top())
            elif name in _GETS:
                self._get(argument)
            else:
                self._do(op)

    def _do(self, op: pickletools.OpcodeInfo) -> None:
        """Carry out what imports, calls, or moves values."""
        name = op.name
        if name == "STACK_GLOBAL":
            attribute, module = self._pop(), self._pop()
            if not isinstance(module, str) or not isinstance(attribute, str):
                self._allowed.found["(computed)"] = None
                self._refuse("computes what it imports")
                raise NotFollowed("it computes what it imports")
            self._push(self._import(str(module), str(attribute)))
        elif name in _CALLS:
            for _ in range(_CALLS[name]):
                self._pop()
            self._call(self._pop(), name)
        elif name == "OBJ":
            inside = self._pop_to_mark()
            if not inside:
                raise NotFollowed("an object of nothing")
            self._call(inside[0], name)
        elif name == "BUILD":
            self._pop()
            if not isinstance(self._top(), _Made):
                self._refuse("changes the state of what it has not made")
        else:
            self._arrange(op)

    def _arrange(self, op: pickletools.OpcodeInfo) -> None:
        """Carry out what only moves values."""
        name = op.name
        if name == "MEMOIZE":
            self._put(len(self._memo), self._top())
        elif name == "DUP":
            self._push(self._top())
        elif name == "POP":
            if not self._stack:
                raise NotFollowed("nothing is on the stack")
            self._stack.pop()
        elif name == "MARK":
            self._push(_MARK)
        else:
            self._move(op)

    def _move(self, op: pickletools.OpcodeInfo) -> None:
        """Take off the stack what *op* takes, and put there what it puts."""
        before = list(op.stack_before)
        if pickletools.stackslice in before:
            self._pop_to_mark()
            before = before[: before.index(pickletools.markobject)]
        taken: _Value = _OTHER
        for _ in before:
            taken = self._pop()
        if op.name in {"APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS"}:
            if isinstance(taken, _Import):
                self._refuse("adds to what it has imported")
            self._push(taken)
            return
        for _ in op.stack_after:
            self._push(_OTHER)

    def _call(self, what: _Value, how: str) -> None:
        if not isinstance(what, _Import):
            self._refuse(f"calls what it has not imported ({how})")
        self._push(_MADE)

    def _import(self, module: str, name: str) -> _Import:
        if not _NAME.fullmatch(module) or not _NAME.fullmatch(name):
            raise NotFollowed("a name that nothing has")
        full = f"{module}.{name}"
        self._allowed.found[full] = None
        if "." in name:
            self._refuse(f"reaches for {name[:100]} in {module[:100]}")
        return _Import(full)

    def _refuse(self, what: str) -> None:
        if self._observe:
            return
        if self._allowed.refused():
            _check_imports(self._allowed)
        raise Refused("pickle", f"a pickle {what}")

    def _put(self, index: int, value: _Value) -> None:
        if index < 0 or self._memo.get(index, value) != value:
            self._refuse("changes what it has memorized")
        self._memo[index] = value

    def _get(self, index: int) -> None:
        if index not in self._memo:
            raise NotFollowed("what it recalls was never memorized")
        self._push(self._memo[index])

    def _push(self, value: _Value) -> None:
        self._stack.append(value)

    def _top(self) -> _Value:
        if not self._stack or isinstance(self._stack[-1], _Mark):
            raise NotFollowed("nothing is on the stack")
        return self._stack[-1]

    def _pop(self) -> _Value:
        value = self._top()
        self._stack.pop()
        return value

    def _pop_to_mark(self) -> list[_Value]:
        inside: list[_Value] = []
        while self._stack:
            value = self._stack.pop()
            if isinstance(value, _Mark):
                return inside[::-1]
            inside.append(value)
        raise NotFollowed("no mark is on the stack")

    def _byte(self) -> int:
        if not self._at.left:
            raise NotFollowed("it has no end")
        return self._at.take(1)[0]

    def _argument(self, op: pickletools.OpcodeInfo) -> int:
        """Go on behind the argument of *op*; its value, if that is an index."""
        if op.arg is None:
            return 0
        if op.arg.n == pickletools.UP_TO_NEWLINE:
            return self._decimal(self._line())
        if op.arg.n in _PREFIX:
            self._skip(self._integer(_PREFIX[op.arg.n]))
            return 0
        value = self._integer(op.arg.n)
        if op.name == "PROTO" and value > _PROTOCOL:
            raise NotFollowed("an unknown protocol")
        return value

    def _decimal(self, text: str) -> int:
        """An index, as text; -1 for another argument, which nobody asks for."""
        try:
            return int(text[:_LONGEST_INDEX])
        except ValueError:
            return -1

    def _integer(self, length: int) -> int:
        if length > self._at.left:
            raise NotFollowed("it has no end")
        return self._at.integer(length)

    def _skip(self, length: int) -> None:
        if length > self._at.left:
            raise NotFollowed("a length leads beyond its end")
        self._at.skip(length)

    def _text(self, op: pickletools.OpcodeInfo) -> _Value:
        assert op.arg is not None
        length = self._integer(_PREFIX[op.arg.n])
        if length > _MAX_TEXT_BYTES:  # no name is as long
            self._skip(length)
            return _OTHER
        if length > self._at.left:
            raise NotFollowed("a length leads beyond its end")
        return self._at.take(length).decode("utf-8", "replace")

    def _line(self) -> str:
        """The text up to the next line feed, which is taken too."""
        found = self._at.line()
        if found is None:
            raise NotFollowed("it has no end")
        return found[:_MAX_TEXT_BYTES].decode("utf-8", "replace")
