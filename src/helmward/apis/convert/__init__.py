"""HelmReleases of old generations, rewritten in place as those of newer ones.

Called by `helmward convert`. Here may live how a YAML text is changed without
touching anything else in it (`edit`), which documents are changed and how
(`documents`), and what a change means for a release (`meaning`).
"""

from helmward.apis.convert.documents import Converted, Request, convert

__all__ = ["Converted", "Request", "convert"]
