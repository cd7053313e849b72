"""Where the secrets are in a text."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection

from sluicegate.adapters.hiding.forms import forms_of
from sluicegate.adapters.hiding.patterns import Patterns
from sluicegate.adapters.hiding.spans import Span, merge, put
from sluicegate.adapters.hiding.views import (
    is_plain,
    loosen,
    loosen_finished,
    views,
)

_MOST_ROUNDS = 8
_LOOK_BACK = 4096  # bytes at the end of a text in which a secret may begin


class Finder:
    """Finds *secrets*, in all forms, in texts of bytes. Thread-safe.

    Bounds: of a secret of more than 64 bytes, parts are found that are at least 63
    bytes long in a view (longer where it has more than 64 KiB); a shorter one is found
    where it is whole.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        forms = forms_of(secrets)
        self._loose = Patterns(forms.loose)
        self._exact = Patterns(forms.exact) if forms.exact else None
        self._is_idle = not (forms.loose or forms.exact)
        # A mark may become part of a secret that holds what a mark is made of.
        marks = b"*[]"
        everything = b"".join((*forms.loose, *forms.exact))
        self.may_hold_marks = any(mark in everything for mark in marks)

    def are_in(self, text: bytes) -> bool:
        """Whether a secret is in *text*."""
        if is_plain(text):
            return not self._is_clean(text, loosen(text))
        if self._exact is not None and self._exact.are_in(text):
            return True
        return any(self._loose.are_in(view.text) for view in views(text))

    def has_nothing(self, text: bytes) -> bool:
        """Whether *text* surely has no secret, and no beginning of one at its end.

        It says no where it would take longer to tell.
        """
        if not is_plain(text):
            return False
        loose = loosen(text)
        if not self._is_clean(text, loose) or self._loose.may_begin(loose):
            return False
        return not self._loose.may_begin(loosen_finished(text[-_LOOK_BACK:]))

    def find(self, text: bytes) -> list[Span]:
        """Where they are in *text*, in order."""
        if self._is_idle:
            return []
        if is_plain(text):
            loose = loosen(text)
            if self._is_clean(text, loose):
                return []
        found = [] if self._exact is None else self._exact.find(text)
        for view in views(text):
            found += [view.source(*span) for span in self._loose.find(view.text)]
        return merge(found, gap=1)

    def hide(self, text: bytes, mark: bytes) -> bytes:
        """*text* with *mark* for each; *text* itself where there is none.

        Hiding twice changes no more than hiding once. What comes to no rest is hidden
        whole: that takes a secret that is made for it.
        """
        for _ in range(_MOST_ROUNDS):
            spans = self.find(text)
            if self.may_hold_marks:
                spans = _but_marks(text, mark, spans)
            if not spans:
                return text
            text = put(text, mark, spans)
            if not self.may_hold_marks:
                return text
        return mark

    def _is_clean(self, text: bytes, loose: bytes) -> bool:
        return not self._loose.are_in(loose) and (
            self._exact is None or not self._exact.are_in(text)
        )

    def beginning_at_end(self, text: bytes) -> int:
        """Where the end of *text* begins that may be the beginning of a secret.

        Returns:
            The length of *text* if there is none.
        """
        before = max(len(text) - _LOOK_BACK, 0)
        end = text[before:]
        begins = len(end)
        for view in views(end):
            for found in dict.fromkeys((view.text, view.finished)):
                start = self._loose.beginning_at_end(found)
                if start < len(found):
                    begins = min(begins, view.source(start, len(found))[0])
        return before + begins


def _but_marks(text: bytes, mark: bytes, spans: list[Span]) -> list[Span]:
    """*spans* with the marks that they touch, and without those inside of a mark."""
    marks: list[Span] = []
    at = text.find(mark)
    while at >= 0:
        marks.append((at, at + len(mark)))
        at = text.find(mark, at + len(mark))
    starts = [first for first, _ in marks]
    outside: list[Span] = []
    for start, end in spans:
        first = max(bisect_right(starts, start) - 1, 0)
        around = marks[first : bisect_left(starts, end)]
        if not any(each[0] <= start and end <= each[1] for each in around):
            outside.append((start, end))
            outside += [each for each in around if start < each[1]]
    return merge(outside)
