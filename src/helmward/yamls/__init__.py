"""Reads YAML as the tools around Kubernetes do: `gitops` manifests, `values` values.

Knows nothing of either: text in, plain values and their lines out.
"""

from helmward.yamls.read import MAX_ALIASED, MAX_DEPTH, Document, YamlError, documents
from helmward.yamls.scalars import resolve

__all__ = ["MAX_ALIASED", "MAX_DEPTH", "Document", "YamlError", "documents", "resolve"]
