"""A preview as a comment of a pull request: short first, and never too long for one; pure."""

import html
import re
from collections.abc import Iterator
from typing import Final

from helmward.preview.findings import Preview, ReleaseChange, Verb
from helmward.preview.words import object_line, release_line, summary

LONGEST: Final = 60_000
"""Characters; GitHub takes 65,536 for a comment, GitLab a million."""
_ROOM: Final = 200
"""Characters for what says that something was left out."""


def marker(repository: str) -> str:
    """Return the first line, by which a job finds its comment of before."""
    return f"<!-- helmward diff: {html.escape(repository.replace('--', '-'))} -->"


def as_markdown(preview: Preview, *, longest: int = LONGEST) -> str:
    """Return the preview, cut between objects if it would be too long."""
    text = "\n".join(_head(preview)) + "\n"
    left_out = 0
    for part in _parts(preview):
        if left_out or len(text) + len(part) > longest - _ROOM:
            left_out += 1
            continue
        text += part
    if left_out:
        text += f"\n*{left_out} more left out: the comment would be too long.*\n"
    return text


def _head(preview: Preview) -> Iterator[str]:
    yield marker(preview.repository)
    yield f"### Helmward: {_inline(preview.repository)}, {_inline(preview.subject)}"
    yield ""
    yield summary(preview)
    if preview.differs:
        yield from ("", "| | in git | inside releases |", "| --- | ---: | ---: |")
        for verb in Verb:
            yield f"| {verb.value} | {preview.count(verb)} | {preview.inside(verb)} |"
    if preview.braked:
        yield from ("", f"**Nothing would be removed yet:** {_inline(preview.braked)}")
    for refused in preview.refused:
        said = f"{refused.place}: {refused.id}: {refused.message}"
        yield from ("", f"**Would be refused:** {_inline(said)}")


def _parts(preview: Preview) -> Iterator[str]:
    """Yield what may be left out one by one."""
    for release in preview.releases:
        yield _release(release)
        yield from (_details(object_line(one), one.lines) for one in release.objects)
    if preview.releases and preview.objects:
        yield "\n#### In git\n"
    yield from (_details(object_line(one), one.lines) for one in preview.objects)
    if preview.kept:
        said = tuple(f"{one}: {why}" for one, why in preview.kept)
        yield _list("Not in git any more, and kept", said)
    yield from (f"\n*Note: {_inline(note)}*\n" for note in preview.notes)


def _release(release: ReleaseChange) -> str:
    text = f"\n#### {_inline(release_line(release))}\n"
    if release.problem:
        text += f"\n**{_inline(release.problem)}**\n"
    if release.volumes:
        text += f"\nIt owns PersistentVolumeClaims: {_inline(', '.join(release.volumes))}\n"
    if release.values:
        text += f"\n{_fenced(release.values.splitlines(), '')}\n"
    return text


def _details(title: str, lines: tuple[str, ...]) -> str:
    if not lines:
        return f"\n- {_inline(title)}\n"
    body = _fenced(lines, "diff")
    said = f"<code>{html.escape(title)}</code>"
    return f"\n<details><summary>{said}</summary>\n\n{body}\n\n</details>\n"


def _fenced(lines: tuple[str, ...] | list[str], language: str) -> str:
    """Return a block whose fence is longer than any in it."""
    runs = [len(run) for line in lines for run in re.findall(r"`{3,}", line)]
    fence = "`" * (max(runs, default=2) + 1)
    return "\n".join([f"{fence}{language}", *lines, fence])


def _inline(text: str) -> str:
    """Return text that cannot become markup, or call somebody's name."""
    escaped = re.sub(r"([\\`*_{}\[\]#|~])", r"\\\1", html.escape(text, quote=False))
    return escaped.replace("@", "@\u200b").replace("\n", " ")


def _list(title: str, entries: tuple[object, ...]) -> str:
    lines = "\n".join(f"- {_inline(str(one))}" for one in entries)
    return f"\n<details><summary>{title}</summary>\n\n{lines}\n\n</details>\n"
