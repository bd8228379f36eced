"""What a rehearsal has found out about the objects of git, as findings; pure.

Called by `look`. What an apply would change of our marks and of whose fields
are whose alone, is no difference.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from helmward.gitops.build import Manifest, ObjectId
from helmward.gitops.plan import Plan, Step
from helmward.gitops.rehearsal import WRITTEN, Change, Rehearsal, Verb
from helmward.preview.contents import change as made
from helmward.preview.difference import bare, within
from helmward.preview.findings import ObjectChange, Refused
from helmward.preview.masking import PLAIN, Masking
from helmward.redaction import REDACTOR, Redactor, secrets_of

ANEW: Final = "deleted and made anew: a field of it cannot be changed"
LATER: Final = "nobody can say yet what the cluster makes of it: its kind or namespace comes first"
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """An object as it is and as it would be; secrets are in it."""

    id: ObjectId
    step: Step
    verb: Verb
    before: Document | None
    after: Document
    anew: bool = False

    @property
    def differs(self) -> bool:
        """Whether there is anything of the author's that changes."""
        return self.anew or self.before is None or bare(self.before) != bare(self.after)

    def secrets(self, document: Document | None) -> Iterator[str]:
        """Yield what is secret in it, before or after."""
        return secrets_in(self.step.manifest, document)


def pairs(rehearsal: Rehearsal, plan: Plan) -> tuple[Pair, ...]:
    """Return what would be written and differs, in the order of the plan."""
    steps = {step.id: step for step in plan.steps}
    found = (_pair(one, steps[one.id]) for one in rehearsal.changes if one.verb in WRITTEN)
    return tuple(pair for pair in found if pair.differs)


def changed(found: Iterable[Pair], masking: Masking) -> Iterator[ObjectChange]:
    """Yield how each of them changes."""
    for pair in found:
        manifest = pair.step.manifest
        note = ANEW if pair.anew else LATER if pair.verb is Verb.LATER else ""
        yield made(
            pair.id,
            pair.before,
            pair.after,
            masking,
            place=manifest.place,
            note=note,
            secret=manifest.secret,
        )


def refused(rehearsal: Rehearsal, plan: Plan) -> tuple[Refused, ...]:
    """Return what the API server would not take; what is in Secrets is masked in its words."""
    known = Redactor()
    found = (one for step in plan.steps for one in secrets_in(step.manifest, step.object))
    known.learn("git", frozenset(found))
    return tuple(
        Refused(one.object, one.place, known.mask(REDACTOR.mask(" ".join(one.message.split()))))
        for one in rehearsal.refused
    )


def _pair(change: Change, step: Step) -> Pair:
    """Where nobody can say what would be there, only what git asks for is compared."""
    before, after = change.live, change.merged or step.object
    if before is not None and change.merged is None:
        before = within(before, after)
    return Pair(change.id, step, change.verb, before, after, change.anew)


def secrets_in(manifest: Manifest, document: Document | None) -> Iterator[str]:
    """Yield what is secret in an object: all of it where its file is encrypted in git."""
    if document is None:
        return
    if manifest.secret:
        yield from secrets_of({k: v for k, v in document.items() if k not in PLAIN})
        yield from secrets_of((document.get("metadata") or {}).get("annotations"))
    if (manifest.id.group, manifest.id.kind) == ("", "Secret"):
        entries, plain = document.get("data"), document.get("stringData")
        opened = map(_decoded, entries.values()) if isinstance(entries, Mapping) else ()
        yield from secrets_of([entries, plain, *opened])


def _decoded(value: Any) -> str:
    try:
        return base64.b64decode(str(value), validate=True).decode()
    except ValueError:
        return ""
