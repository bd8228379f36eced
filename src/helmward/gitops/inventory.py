"""What one repository has in the cluster, object by object; pure.

Kept in the cluster by `record`, written and read by `codec`. What is in it may
be removed when git no longer has it; what is not was never ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from helmward.gitops.build import ObjectId


@dataclass(frozen=True, slots=True)
class Item:
    """One object that was applied."""

    id: ObjectId
    version: str
    """The version of its API that it was applied with last."""
    path: str = ""
    """The path of the settings that asks for it, as `PathSettings.path`."""
    digest: str = ""
    """Of the manifest that was applied last (`Manifest.digest`), shortened; empty: unknown."""
    fields: str = ""
    """Of our entry in managedFields after that: whoever changes a field of ours changes it."""
    keep: bool = False
    """Never removed, whatever git says (`sync_only`, prune disabled)."""
    found: bool = False
    """Only its mark tells that it is ours: no record says that we have applied it."""
    going: bool = False
    """Its removal was settled and has begun: what is left of it asks nobody again."""

    @property
    def api_version(self) -> str:
        """What stands in the object's `apiVersion`."""
        return f"{self.id.group}/{self.version}" if self.id.group else self.version


Inventory = Mapping[ObjectId, Item]


@dataclass(frozen=True)
class Record:
    """Everything that outlives the process, of one repository."""

    commit: str = ""
    """The newest commit that was applied."""
    commits: Mapping[str, str] = field(default_factory=dict)
    """The commit in force of each path: of a path whose newest is broken, an older one."""
    inventory: Inventory = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    """What the marks of Flux v1 are made from, the one in use first, then earlier ones."""
    adopted: bool = False
    """Whether the whole cluster was searched for objects that carry our marks."""
