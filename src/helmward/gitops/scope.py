"""Which objects are ours to touch, as the settings limit it; pure."""

import re
from dataclasses import dataclass
from typing import Final

from helmward.gitops.build import ObjectId


@dataclass(frozen=True, slots=True)
class Scope:
    """The limits; as it is made without arguments, there are none."""

    namespaces: tuple[str, ...] = ()
    """The only ones that are touched; none: all of them."""
    excluded: tuple[str, ...] = ()
    """Globs over `group/version/kind`; a star stands for anything, a slash included."""

    def has_kind(self, api_version: str, kind: str) -> bool:
        """Whether a kind may be asked for at all."""
        name = f"{api_version}/{kind}"
        return not any(_matches(glob, name) for glob in self.excluded)

    def has_namespace(self, namespace: str) -> bool:
        """Whether objects in the namespace, and it itself, may be touched."""
        return not self.namespaces or namespace in self.namespaces

    def objection(self, found: ObjectId, api_version: str) -> str:
        """Say why an object is left out; empty: it is not.

        Of objects of the cluster only Namespaces are limited, by their names.
        """
        if not self.has_kind(api_version, found.kind):
            return f"{api_version}/{found.kind} is excluded (--k8s-unsafe-exclude-resource)"
        is_namespace = (found.group, found.kind) == ("", "Namespace")
        namespace = found.name if is_namespace else found.namespace
        if namespace and not self.has_namespace(namespace):
            return f"namespace {namespace} is not among the allowed ones (--k8s-allow-namespace)"
        return ""


EVERYTHING: Final = Scope()


def _matches(glob: str, name: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in glob.split("*"))
    return re.fullmatch(pattern, name, re.DOTALL) is not None
