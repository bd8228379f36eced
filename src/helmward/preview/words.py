"""What all formats say of a preview in the same words; pure."""

from helmward.preview.findings import Fate, ObjectChange, Preview, ReleaseChange, Verb

SIGNS = {Verb.CREATE: "+", Verb.CHANGE: "~", Verb.REMOVE: "-"}


def summary(preview: Preview) -> str:
    """Return one line: `+2 ~3 -1 objects; 2 HelmReleases, inside of them +1 ~4 -0`."""
    if not preview.differs:
        return f"no difference ({_plural(preview.unchanged, 'object')})"
    outside = " ".join(f"{SIGNS[verb]}{preview.count(verb)}" for verb in Verb)
    said = f"{outside} objects"
    if preview.releases:
        inside = " ".join(f"{SIGNS[verb]}{preview.inside(verb)}" for verb in Verb)
        said += f"; {_plural(len(preview.releases), 'HelmRelease')}, inside of them {inside}"
    if preview.refused:
        said += f"; {_plural(len(preview.refused), 'object')} would be refused"
    return said


def release_line(release: ReleaseChange) -> str:
    """Return what becomes of a release, in a line."""
    before, after = release.charts
    chart = f"{before} -> {after}" if before and after and before != after else after or before
    said = f"HelmRelease {release.name}: {release.fate.value} of {release.release}"
    if release.fate is Fate.UNKNOWN:
        return f"HelmRelease {release.name}: what becomes of {release.release} is not known"
    return f"{said} ({chart})" if chart else said


def object_line(change: ObjectChange) -> str:
    """Return what becomes of an object, in a line."""
    place = f"  ({change.place})" if change.place else ""
    note = f": {change.note}" if change.note else ""
    return f"{SIGNS[change.verb]} {change.id}{place}{note}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
