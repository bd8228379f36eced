"""The error tree; every room raises from here, `loop` reports all of it.

The branch says who moves next, `reason` goes into the condition, the message
names what is wrong and what would mend it::

    HelmwardError
    |-- TransientError            tried again after a back-off
    |   |-- ClusterUnavailable    the API server does not answer
    |   |-- Conflict              somebody else wrote first: look again
    |   |-- NotFound              the object, or its kind, is not there (yet)
    |   |-- Expired               that resourceVersion is compacted: list anew
    |   |-- SessionLost           our Lease is no longer ours: stop writing
    |   |-- EngineLost            the engine process went away
    |   |-- SourceUnavailable     a chart repository or git remote does not answer
    |   |-- ChartNotFound         the repository answers, but has no such chart yet
    |   |-- ChartEvicted          the engine no longer has the chart: pull it again
    |   |-- NamespaceUnready      the namespace is absent or being deleted
    |   |-- ValuesUnavailable     a ConfigMap, Secret or URL with values is not there (yet)
    |   |-- Superseded            a newer state was asked for while this one waited
    |   `-- ReleaseFailed         the API server, a hook or a wait said no
    |       |-- NotReady          a workload cannot become ready by itself
    |       `-- TestsFailed       the release's tests failed
    `-- TerminalError             stalled until the spec changes
        |-- ChartRejected         the chart is broken or does not render
        |-- ChartUnverified       nobody trusted has signed the chart
        |-- SignatureMissing      nobody trusted has signed the commit or the tag
        |-- SourceForbidden       Helmward may not ask that address
        |-- ValuesInvalid         a source is no YAML, or the chart's schema refuses it
        |-- SpecInvalid           a field of the resource breaks a rule
        |-- NameTaken             another HelmRelease holds the release name
        |-- NotOwned              an object of the chart exists and is another's
        |-- AccessDenied          the API server forbids it
        |-- Invalid               the API server refuses the object
        |-- SourceRejected        a commit cannot be read whole
        |-- RecordBroken          what we noted down of a repository cannot be read, or kept
        `-- ConfigInvalid         a flag or a kubeconfig is wrong
"""

from typing import Any, ClassVar


class HelmwardError(Exception):
    """Anything that Helmward itself reports."""

    reason: ClassVar[str] = "InternalError"
    revision: Any = None
    """The revision (`model.Revision`) that was written all the same, if one was."""
    cause: Any = None
    """The first real cause in the cluster (`model.Cause`), where one was found."""


class TransientError(HelmwardError):
    """May heal by itself: the work is tried again after a back-off."""

    reason = "Retrying"
    retry_after: float | None = None
    """Seconds that the other side asked us to wait at least."""


class ClusterUnavailable(TransientError):
    """The API server cannot be reached, or answers that it cannot serve."""

    reason = "ClusterUnavailable"


class Conflict(TransientError):
    """A precondition failed: the object or the release moved on."""

    reason = "Conflict"
    exists: bool = False
    """The object to be created is there already, rather than changed."""


class NotFound(TransientError):
    """The object is not there, or the cluster does not (yet) know its kind."""

    reason = "NotFound"


class Expired(TransientError):
    """The resourceVersion asked for is compacted away: list anew."""

    reason = "Expired"


class SessionLost(TransientError):
    """Our Lease was not renewed in time, or was taken: stop writing at once."""

    reason = "SessionLost"


class EngineLost(TransientError):
    """The engine process went away during or before a call."""

    reason = "EngineLost"


class SourceUnavailable(TransientError):
    """A chart repository or a git remote does not answer as it should."""

    reason = "SourceUnavailable"


class ChartNotFound(TransientError):
    """The repository answers, but lists no such chart or version."""

    reason = "ChartNotFound"


class ChartEvicted(TransientError):
    """The engine no longer holds the chart, it was restarted: pull it again."""

    reason = "ChartEvicted"


class NamespaceUnready(TransientError):
    """The namespace does not exist (yet), or is being deleted."""

    reason = "NamespaceUnready"


class ReleaseFailed(TransientError):
    """Helm's verb failed in the cluster: an object refused, a hook, a timeout."""

    reason = "ReleaseFailed"


class NotReady(ReleaseFailed):
    """A workload cannot become ready by itself; the cause says why."""

    reason = "NotReady"


class TestsFailed(ReleaseFailed):
    """Helm's tests of the release failed."""

    __test__ = False
    reason = "TestsFailed"


class Superseded(TransientError):
    """A newer state was asked for while the action waited: decide again."""

    reason = "Superseded"


class ValuesUnavailable(TransientError):
    """A source of values is not there (yet), or does not answer; the message names it."""

    reason = "ValuesUnavailable"


class TerminalError(HelmwardError):
    """Will not heal by itself: the spec has to change."""

    reason = "Stalled"


class ChartRejected(TerminalError):
    """The chart is broken, or does not render with these values."""

    reason = "ChartRejected"


class ChartUnverified(TerminalError):
    """Signatures are asked for, and nobody trusted has signed the chart."""

    reason = "ChartUnverified"


class SignatureMissing(TerminalError):
    """Signatures are asked for, and nobody trusted has signed the commit or the tag."""

    reason = "Unverified"


class SourceForbidden(TerminalError):
    """`--allow-url` leaves the address out, or it is one of this very machine."""

    reason = "SourceForbidden"


class ValuesInvalid(TerminalError):
    """A source of values is no YAML mapping, or the chart's JSON schema refuses them."""

    reason = "ValuesInvalid"
    violations: tuple[Any, ...] = ()
    """What the schema refuses (`model.Violation`), where it was that."""


class SpecInvalid(TerminalError):
    """A field of the resource breaks a rule; the message names it."""

    reason = "SpecInvalid"


class NameTaken(TerminalError):
    """Another HelmRelease holds the release name; the message names it."""

    reason = "ReleaseNameTaken"


class NotOwned(TerminalError):
    """Objects of the chart exist already and are not the release's; all are named."""

    reason = "ObjectsNotOwned"


class AccessDenied(TerminalError):
    """The API server forbids it; the message names verb and resource."""

    reason = "AccessDenied"


class Invalid(TerminalError):
    """The API server refuses the object; the message is the server's own."""

    reason = "Invalid"
    causes: tuple[str, ...] = ()
    """One line per field that is wrong."""


class SourceRejected(TerminalError):
    """A commit cannot be read whole; the message names file and line."""

    reason = "SourceRejected"


class RecordBroken(TerminalError):
    """The record of what a repository has in the cluster cannot be read, or is too large."""

    reason = "RecordBroken"


class ConfigInvalid(TerminalError):
    """A flag, an environment variable or a kubeconfig is wrong."""

    reason = "ConfigInvalid"
