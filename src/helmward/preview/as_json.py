"""A preview for programs: a document whose fields stay; pure."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec

from helmward.gitops.build import ObjectId
from helmward.preview.findings import ObjectChange, Preview, ReleaseChange, Verb
from helmward.preview.words import summary

VERSION = 1


def as_json(preview: Preview) -> str:
    """Return the preview as JSON."""
    document = {
        "version": VERSION,
        "repository": preview.repository,
        "subject": preview.subject,
        "differs": preview.differs,
        "summary": summary(preview),
        "counts": {
            **{verb.value: preview.count(verb) for verb in Verb},
            "inside": {verb.value: preview.inside(verb) for verb in Verb},
            "unchanged": preview.unchanged,
            "ignored": preview.ignored,
        },
        "objects": [_object(one) for one in preview.objects],
        "releases": [_release(one) for one in preview.releases],
        "refused": [
            {**_id(one.id), "place": one.place, "message": one.message} for one in preview.refused
        ],
        "braked": preview.braked,
        "kept": [{**_id(one), "why": why} for one, why in preview.kept],
        "notes": list(preview.notes),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _object(change: ObjectChange) -> Mapping[str, Any]:
    return {
        **_id(change.id),
        "verb": change.verb.value,
        "place": change.place,
        "fields": list(change.fields),
        "diff": "\n".join(change.lines),
        "note": change.note,
    }


def _release(release: ReleaseChange) -> Mapping[str, Any]:
    before, after = release.charts
    return {
        "name": release.name,
        "release": release.release,
        "fate": release.fate.value,
        "chart": {"before": before, "after": after},
        "values": release.values,
        "objects": [_object(one) for one in release.objects],
        "volumes": list(release.volumes),
        "problem": release.problem,
    }


def _id(found: ObjectId) -> dict[str, Any]:
    return dataclasses.asdict(found)
