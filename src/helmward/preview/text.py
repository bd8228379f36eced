"""A preview for a terminal, or for a log; pure."""

from collections.abc import Iterator
from typing import Final

from helmward.preview.findings import ObjectChange, Preview, ReleaseChange
from helmward.preview.words import object_line, release_line, summary

_COLOURS: Final = {"+": "\x1b[32m", "-": "\x1b[31m", "~": "\x1b[33m", "@": "\x1b[36m"}
_PLAIN: Final = "\x1b[0m"


def as_text(preview: Preview, *, colour: bool = False) -> str:
    """Return the preview in lines, the summary first."""
    lines = [f"{preview.repository}, {preview.subject}: {summary(preview)}", *_body(preview)]
    return "\n".join(_coloured(line) if colour else line for line in lines) + "\n"


def _body(preview: Preview) -> Iterator[str]:
    for one in preview.objects:
        yield from _object(one, "")
    for release in preview.releases:
        yield from _release(release)
    for refused in preview.refused:
        yield from ("", f"! {refused.place}: {refused.id}: {refused.message}")
    if preview.braked:
        yield from ("", f"! nothing would be removed yet: {preview.braked}")
    if preview.kept:
        yield ""
        yield "Not in git any more, and kept:"
        yield from (f"  {one}: {why}" for one, why in preview.kept)
    for note in preview.notes:
        yield from ("", f"Note: {note}")


def _object(change: ObjectChange, indent: str) -> Iterator[str]:
    yield ""
    yield f"{indent}{object_line(change)}"
    yield from (f"{indent}    {line}" for line in change.lines)


def _release(release: ReleaseChange) -> Iterator[str]:
    yield from ("", f"~ {release_line(release)}")
    if release.problem:
        yield f"  ! {release.problem}"
    if release.values:
        yield "  values:"
        yield from (f"    {line}" for line in release.values.splitlines())
    if release.volumes:
        yield f"  it owns PersistentVolumeClaims: {', '.join(release.volumes)}"
    for one in release.objects:
        yield from _object(one, "  ")


def _coloured(line: str) -> str:
    colour = _COLOURS.get(line.lstrip()[:1], "")
    return f"{colour}{line}{_PLAIN}" if colour else line
