"""GitSync `helmward.dev/v1alpha1`: what people see of one followed repository, and ask of it.

Written by `gitops`, read by people and by commands. Its spec declares nothing:
it repeats what the operator was started with, without secrets.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec

from helmward.apis.commands import YES_OR_NO
from helmward.apis.crd import Column, definition
from helmward.apis.schema import said, structural
from helmward.kube.resources import Resource
from helmward.model import DOMAIN, REQUESTED_AT, SUSPEND

RESOURCE: Final = Resource(DOMAIN, "v1alpha1", "gitsyncs", "GitSync")
APPROVE: Final = f"{DOMAIN}/approve-prune"

MEANINGS: Final[Mapping[str, tuple[str, str]]] = {
    REQUESTED_AT: ("any text", "Another text than before has git looked at and all applied now."),
    APPROVE: (
        "the text of `status.braked.token`",
        "Lets go of exactly the objects that status.braked is about, and of no others.",
    ),
    SUSPEND: ("`true`, `false`", "While true nothing is applied and nothing is removed."),
}
"""What each annotation takes and does, for the reference page."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What people ask of a sync."""

    requested: str = ""
    """Another text than before: sync now."""
    approved: str = ""
    """The token of the removal that may go on."""
    suspended: bool = False
    problem: str = ""
    """What is wrong with how they asked."""


def wishes_of(annotations: Mapping[str, str]) -> Wishes:
    """Return what is asked for; a slip in the word that suspends must not apply anything."""
    word = annotations.get(SUSPEND, "false")
    return Wishes(
        requested=annotations.get(REQUESTED_AT, ""),
        approved=annotations.get(APPROVE, ""),
        suspended=YES_OR_NO.get(word, True),
        problem=""
        if word in YES_OR_NO
        else f'metadata.annotations[{SUSPEND}]: "{word[:80]}" is none of {", ".join(YES_OR_NO)}: '
        "nothing is applied until it is",
    )


class Shape(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What all parts of a GitSync have in common: empty fields are left out."""


class SpecPath(Shape, frozen=True):
    """One folder or file of the repository."""

    path: Annotated[str, said("Where it is; empty is the root.")] = ""
    build: Annotated[str, said("How it is read: plain, kustomize or auto.")] = "plain"


class SpecPrune(Shape, frozen=True):
    """What becomes of objects that git no longer has."""

    enabled: Annotated[bool, said("Whether they are removed.")] = False
    dry: Annotated[bool, said("Whether their removal is only told.")] = False


class GitSyncSpec(Shape, frozen=True):
    """What the operator was told to follow; written by Helmward, changes of it do nothing."""

    url: Annotated[str, said("Address of the repository, without what is secret in it.")] = ""
    ref: Annotated[str, said("Branch, tag, range of versions, ref or commit; empty: HEAD.")] = ""
    paths: Annotated[tuple[SpecPath, ...], said("What of it is applied.")] = ()
    prune: Annotated[SpecPrune | None, said("What becomes of objects that git no longer has.")] = (
        None
    )
    verify: Annotated[str, said("Whose signatures are asked for.")] = ""
    poll_interval: Annotated[str, said("How often git is looked at.")] = ""
    sync_interval: Annotated[str, said("How often all is compared with the cluster.")] = ""


class GitSyncCondition(Shape, frozen=True):
    """One aspect of the state."""

    type: Annotated[str, said("Which aspect.")]
    status: Annotated[
        str,
        said("Whether it is so; Unknown while it is settled.", enum=["True", "False", "Unknown"]),
    ]
    reason: Annotated[str, said("The cause in one CamelCase word.")] = ""
    message: Annotated[str, said("The cause in plain words.")] = ""
    observed_generation: Annotated[
        int, said("Generation of the resource that the condition speaks of.")
    ] = 0
    last_transition_time: Annotated[
        datetime | None, said("When the status last took another value.")
    ] = None


class StatusCommit(Shape, frozen=True):
    """A commit, as people know it."""

    sha: Annotated[str, said("Its name.")] = ""
    author: Annotated[str, said("Who wrote it.")] = ""
    subject: Annotated[str, said("The first line of its message.")] = ""
    at: Annotated[datetime | None, said("When it was written.")] = None


class StatusPath(Shape, frozen=True):
    """How one path stands."""

    path: Annotated[str, said("The path; empty is the root.")] = ""
    commit: Annotated[str, said("The commit that is in force below it.")] = ""
    objects: Annotated[int, said("How many objects it asks for.")] = 0
    error: Annotated[
        str, said("Why its newest commit is not in force, each fault as file:line.")
    ] = ""


class StatusObjects(msgspec.Struct, frozen=True, rename="camel"):
    """How many objects, of the last whole sync."""

    applied: Annotated[int, said("As git has them now.")] = 0
    changed: Annotated[int, said("Of these, written by the last sync.")] = 0
    created: Annotated[int, said("Of these, new.")] = 0
    healed: Annotated[int, said("Of these, changed by somebody else and put right.")] = 0
    refused: Annotated[int, said("Not taken by the API server; tried again.")] = 0
    ignored: Annotated[int, said("Left alone because an annotation says so.")] = 0
    removed: Annotated[int, said("Removed by the last sync.")] = 0


class StatusRefused(Shape, frozen=True):
    """An object that the API server did not take."""

    object: Annotated[str, said("Its kind, namespace and name.")] = ""
    place: Annotated[str, said("Where git has it, as file:line.")] = ""
    reason: Annotated[str, said("Why, in one CamelCase word.")] = ""
    message: Annotated[str, said("Why, in the server's words.")] = ""


class StatusBraked(Shape, frozen=True):
    """A removal that waits until somebody approves it."""

    token: Annotated[str, said("What the annotation helmward.dev/approve-prune has to say.")] = ""
    why: Annotated[str, said("Why nobody removes it unasked.")] = ""
    objects: Annotated[tuple[str, ...], said("What would be removed, the first 20.")] = ()
    count: Annotated[int, said("How many objects would be removed.")] = 0


class GitSyncStatus(Shape, frozen=True):
    """How the repository stands in the cluster."""

    observed_generation: Annotated[
        int, said("Generation of the resource that this status speaks of.")
    ] = 0
    conditions: Annotated[
        tuple[GitSyncCondition, ...], said("The aspects of the state, each with its cause.")
    ] = ()
    commit: Annotated[StatusCommit | None, said("The commit in force.")] = None
    short_commit: Annotated[str, said("Its name, shortened.")] = ""
    attempted_commit: Annotated[
        str, said("The newest commit that was looked at, in force or not.")
    ] = ""
    synced_at: Annotated[datetime | None, said("When the last whole sync ended.")] = None
    objects: Annotated[StatusObjects | None, said("How many objects it is about.")] = None
    paths: Annotated[tuple[StatusPath, ...], said("How each path stands.")] = ()
    refused: Annotated[
        tuple[StatusRefused, ...], said("What the API server did not take, the first 20.")
    ] = ()
    braked: Annotated[
        StatusBraked | None, said("A removal that waits until somebody approves it.")
    ] = None
    last_handled_reconcile_at: Annotated[
        str, said("Last reconcile.fluxcd.io/requestedAt that was acted on.")
    ] = ""


class GitSync(msgspec.Struct, frozen=True):
    """A GitSync as the API server sends it, as far as commands read it."""

    spec: GitSyncSpec = GitSyncSpec()
    status: GitSyncStatus = GitSyncStatus()


_READY: Final = '.status.conditions[?(@.type=="Ready")]'
COLUMNS: Final = (
    Column("URL", ".spec.url", "Address of the repository."),
    Column("Ref", ".spec.ref", "What of it is followed."),
    Column("Commit", ".status.shortCommit", "The commit in force."),
    Column("Objects", ".status.objects.applied", "Objects as git has them.", "integer"),
    Column("Ready", f"{_READY}.status", "Whether the newest commit is in force."),
    Column("Message", f"{_READY}.message", "The cause."),
    Column("Age", ".metadata.creationTimestamp", "Since when it exists.", "date"),
    Column("Synced", ".status.syncedAt", "When the last sync ended.", "date", wide=True),
    Column("Refused", ".status.objects.refused", "Objects not taken.", "integer", wide=True),
    Column(
        "Suspended",
        '.status.conditions[?(@.type=="Suspended")].status',
        "Left alone because somebody said so.",
        wide=True,
    ),
)


def crd() -> dict[str, Any]:
    """Return the CustomResourceDefinition, read off the models above."""
    return definition(
        RESOURCE,
        short_names=("gs",),
        spec=structural(GitSyncSpec),
        status=structural(GitSyncStatus),
        columns=COLUMNS,
        words="A git repository that Helmward follows: how it stands, and what people ask of it.",
    )
