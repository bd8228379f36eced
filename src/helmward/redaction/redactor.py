"""Masks secrets in texts, and remembers whose secrets they are.

Who composes values teaches it, who words something asks it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from helmward.redaction.forms import forms
from helmward.redaction.index import Costly, Index, Mark, mark

MASK: Final = "***"
KEEP: Final = 8
"""How many sets of secrets of one owner stay known: diffs show what was there before."""
PASSES: Final = 4
"""Secrets with stars may stand in a masked text again; after so many times it is masked whole."""


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What an owner taught at one time."""

    fingerprint: int
    marks: tuple[Mark, ...]


class Redactor:
    """Masks in any text what its owners taught it.

    An owner is whatever has secrets: the key of a HelmRelease. A secret of
    two owners is masked until both forgot it. May be used from any thread.
    """

    def __init__(self) -> None:
        self._owners: dict[str, list[_Lesson]] = {}
        self._index = Index()
        self._lock = Lock()

    def learn(self, owner: str, secrets: Iterable[str]) -> None:
        """Know these from now on, besides what the owner had before; the same again is free.

        Of the owner's former sets the newest few stay known: its releases were
        made with them.
        """
        wanted = frozenset(secrets)
        if not wanted or self.knows(owner, wanted):
            return
        marks = tuple({mark(form) for secret in wanted for form in forms(secret)})
        with self._lock:
            self._replace(owner, _Lesson(hash(wanted), marks))

    def knows(self, owner: str, secrets: frozenset[str]) -> bool:
        """Tell whether these are what the owner taught last."""
        lessons = self._owners.get(owner, [])
        return bool(lessons) and lessons[-1].fingerprint == hash(secrets)

    def forget(self, owner: str) -> None:
        """Know nothing more of what this owner alone had."""
        with self._lock:
            for lesson in self._owners.pop(owner, ()):
                self._index.remove(lesson.marks)

    def mask(self, text: str) -> str:
        """Return the text with every secret in it, however written, replaced by `***`.

        Secrets that overlap or touch become one mask. Masked text stays as it is.
        """
        if not self._index:
            return text
        for _ in range(PASSES):
            masked = self._masked(text)
            if masked == text:
                return text
            text = masked
        return MASK

    def mask_all(self, value: Any) -> Any:
        """Mask whatever is in a structure: mappings with their keys, lists, texts, numbers."""
        match value:
            case None | bool():
                return value
            case str():
                return self.mask(value)
            case bytes():
                return self.mask(value.decode("utf-8", "replace"))
            case dict():
                return {self.mask_all(key): self.mask_all(one) for key, one in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.mask_all(one) for one in value]
            case _:
                written = str(value)
                masked = self.mask(written)
                return value if masked == written else masked

    def _masked(self, text: str) -> str:
        try:
            spans = self._index.spans(text)
        except Costly:
            return MASK
        pieces, end = [], 0
        for start, after in spans:
            pieces += [text[end:start], MASK]
            end = after
        return "".join([*pieces, text[end:]])

    def _replace(self, owner: str, fresh: _Lesson) -> None:
        """Add a lesson, then drop what it replaces: between the two nothing is forgotten."""
        former = self._owners.get(owner, [])
        kept = [one for one in former if one.fingerprint != fresh.fingerprint][1 - KEEP :]
        self._index.add(fresh.marks)
        self._owners[owner] = [*kept, fresh]
        for lesson in former:
            if lesson not in kept:
                self._index.remove(lesson.marks)
