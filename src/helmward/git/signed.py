"""Commits and tags as git keeps them: what was signed, by what, and what a tag names; pure.

Git signs an object without its signature: that of a commit stands in a header,
that of a tag behind its message. Whether a signature is good is not known here.
"""

import re
from dataclasses import dataclass
from typing import Final

_HEADERS: Final = {40: b"gpgsig", 64: b"gpgsig-sha256"}
"""Where the signature of a commit stands, by the length of its name."""
_BEGIN: Final = re.compile(
    rb"^-----BEGIN (?:PGP SIGNATURE|PGP MESSAGE|SSH SIGNATURE|SIGNED MESSAGE)-----$", re.MULTILINE
)
_X509: Final = b"-----BEGIN SIGNED MESSAGE-----"


@dataclass(frozen=True, slots=True)
class Signed:
    """An object taken apart; an empty signature is none."""

    payload: bytes
    signature: bytes = b""

    @property
    def x509(self) -> bool:
        """Whether it was signed with a certificate, as gpgsm does."""
        return self.signature.lstrip().startswith(_X509)


@dataclass(frozen=True, slots=True)
class Target:
    """What an annotated tag says that it is, and names."""

    oid: str
    kind: str
    name: str


def split_commit(oid: str, raw: bytes) -> Signed:
    """Take a commit apart; where its signature is not the only one and behind the rest, it is none.

    Git reads a commit's parents up to the first other header: a signature that
    somebody puts before them would hide some that were signed.
    """
    wanted = _HEADERS[len(oid)]
    head, blank, message = raw.partition(b"\n\n")
    kept: list[bytes] = []
    signatures: list[bytes] = []
    for name, lines in _headers(head):
        if name.startswith(b"gpgsig") and not any(line[:10] == b"committer " for line in kept):
            return Signed(raw)
        if name == wanted:
            signatures.append(_unfolded(name, lines))
        elif not name.startswith(b"gpgsig"):
            kept += lines
    payload = b"\n".join(kept) + blank + message
    return Signed(payload, signatures[0] if len(signatures) == 1 else b"")


def split_tag(raw: bytes) -> Signed:
    """Take an annotated tag apart; its signature is the last one that begins in it."""
    begins = [found.start() for found in _BEGIN.finditer(raw)]
    if not begins:
        return Signed(raw)
    head, blank, message = raw[: begins[-1]].partition(b"\n\n")
    kept = [line for name, lines in _headers(head) if name[:6] != b"gpgsig" for line in lines]
    return Signed(b"\n".join(kept) + blank + message, raw[begins[-1] :])


def target_of(raw: bytes) -> Target:
    """Return what a tag names; a header that is not there is empty."""
    head = raw.partition(b"\n\n")[0]
    found = {name: lines[0][len(name) + 1 :] for name, lines in reversed(_headers(head))}
    words = [found.get(name, b"").decode(errors="replace") for name in (b"object", b"type", b"tag")]
    return Target(*words)


def _headers(head: bytes) -> list[tuple[bytes, list[bytes]]]:
    """Return each header's name and lines; a line that begins with a blank goes on with it."""
    found: list[tuple[bytes, list[bytes]]] = []
    for line in head.split(b"\n"):
        if line.startswith(b" ") and found:
            found[-1][1].append(line)
        else:
            found.append((line.partition(b" ")[0], [line]))
    return found


def _unfolded(name: bytes, lines: list[bytes]) -> bytes:
    first, *others = lines
    return b"\n".join([first[len(name) + 1 :], *(line[1:] for line in others)]) + b"\n"
