"""Finds where any of many strings stands in a text.

Called by `redactor`. One dictionary over the first four characters of every
string finds the places where one may begin, so the time a text takes depends
on the text and hardly on how many strings there are. Strings are added and
taken away one by one: nothing is ever compiled anew. Long ones are kept as
digests.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from helmward.redaction.forms import MIN_LENGTH

START: Final = MIN_LENGTH
"""No string is shorter."""
LONG: Final = 64
"""Strings with more characters are kept as digests."""
CUT: Final = "…"
"""What stands where a text was cut."""
LONGEST: Final = 4096
"""Characters before a cut that are looked at."""
PATIENCE: Final = 200
"""Characters that may be compared for each one of a text, and at least a million."""

Span: TypeAlias = tuple[int, int]


class Mark(NamedTuple):
    """One string, as it is looked up."""

    start: str
    length: int
    content: str | bytes


class Costly(Exception):
    """To look through the text would take too long."""


class Index:
    """Strings, each as often as it was added."""

    def __init__(self) -> None:
        self._known: Counter[Mark] = Counter()
        self._of_length: Counter[tuple[str, int]] = Counter()
        self._lengths: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def add(self, marks: Iterable[Mark]) -> None:
        """Add each of the strings once."""
        for mark in marks:
            self._known[mark] += 1
            if self._known[mark] == 1:
                self._count(mark, 1)

    def remove(self, marks: Iterable[Mark]) -> None:
        """Take each of the strings away once."""
        for mark in marks:
            self._known[mark] -= 1
            if not self._known[mark]:
                del self._known[mark]
                self._count(mark, -1)

    def spans(self, text: str) -> list[Span]:
        """Return what the strings cover; those that overlap or touch are one span.

        Raises:
            Costly: the strings were made to take long.
        """
        return list(_joined(sorted([*self._found(text), *self.severed(text)])))

    def severed(self, text: str) -> list[Span]:
        """Return what before each cut (`…`) may be the beginning of a string.

        Of long strings only digests are kept: what begins like one counts.
        """
        cuts = [at for at, letter in enumerate(text) if letter == CUT]
        found = ((self._beginning(text, at), at) for at in cuts)
        return [(begin, at) for begin, at in found if begin is not None]

    def _beginning(self, text: str, end: int) -> int | None:
        """Return where the string begins that is cut off here; None when none is."""
        for place in range(max(0, end - LONGEST), end - START + 1):
            piece = text[place:end]
            longest = max(self._lengths.get(piece[:START], (0,)))
            if longest > len(piece) and self._begins(piece):
                return place
        return None

    def _begins(self, piece: str) -> bool:
        longer = (
            one for one in self._known if one.start == piece[:START] and one.length > len(piece)
        )
        return any(
            isinstance(one.content, bytes) or one.content.startswith(piece) for one in longer
        )

    def _found(self, text: str) -> Iterator[Span]:
        """Yield the longest string at each place where one begins."""
        begins, budget = self._lengths, PATIENCE * max(5_000, len(text))
        places = range(len(text) - START + 1)
        for place in [at for at in places if text[at : at + START] in begins]:
            start = text[place : place + START]
            for length in begins.get(start, ()):
                piece = text[place : place + length]
                budget -= len(piece)
                if Mark(start, length, _content(piece)) in self._known:
                    yield place, place + length
                    break
            if budget < 0:
                raise Costly

    def _count(self, mark: Mark, change: int) -> None:
        """Keep which lengths there are of strings with one start, the longest first."""
        start, length, _ = mark
        self._of_length[start, length] += change
        lengths = set(self._lengths.get(start, ())) | {length}
        if not self._of_length[start, length]:
            del self._of_length[start, length]
            lengths.remove(length)
        if lengths:
            self._lengths[start] = tuple(sorted(lengths, reverse=True))
        else:
            del self._lengths[start]


def mark(string: str) -> Mark:
    """Return the string as the index keeps it."""
    return Mark(string[:START], len(string), _content(string))


def _content(string: str) -> str | bytes:
    if len(string) <= LONG:
        return string
    return hashlib.blake2b(string.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Join spans that overlap or touch; they come ordered by their start."""
    begin, end = 0, 0
    for start, after in spans:
        if start > end or not end:
            if end:
                yield begin, end
            begin = start
        end = max(end, after)
    if end:
        yield begin, end
