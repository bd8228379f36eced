"""The calls about how objects stand: whether they drifted, whether they are ready.

Part of `client`. What follows from it is decided by others.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from helmward.engine import translate
from helmward.engine.caller import Caller
from helmward.engine.options import NOBODY_WRITES, Judgement, WriterId
from helmward.engine.pb import engine_pb2 as pb
from helmward.engine.sources import READ
from helmward.model import (
    NOTHING_SET,
    Author,
    Base,
    Divergence,
    Drift,
    FieldChange,
    IgnoreRule,
    ObjectRef,
    ReleaseRef,
)


class LookCalls(Caller):
    """Looks at live objects, in the name of one identity."""

    async def drift(  # noqa: PLR0913  # all but the base by default
        self,
        release: ReleaseRef,
        *,
        base: Base,
        objects: Collection[ObjectRef] = (),
        ignore: Sequence[IgnoreRule] = (),
        correct: bool = False,
        writer: WriterId = NOBODY_WRITES,
        object_annotations: Mapping[str, str] = NOTHING_SET,
        deadline: timedelta = READ,
    ) -> Drift:
        """Look whether objects of a deployed revision are as it has them; none named means all.

        What is not is put right where `correct` says so. No revision is made.

        Raises:
            Conflict: the base is not the newest revision, or not deployed.
            SpecInvalid: a rule of `ignore` cannot be read.
        """
        request = pb.DriftRequest(
            call=self._call("drift", str(release), deadline),
            release=translate.ref_of(release),
            writer=translate.writer_of(writer),
            base=translate.base_of(base),
            objects=map(_object, sorted(objects)),
            ignore=map(_ignored, ignore),
            correct=correct,
            object_annotations=object_annotations,
        )
        reply = await self._calls.unary(lambda stub: stub.Drift, request, deadline)
        return _drift(reply, base.revision)

    async def judge(
        self,
        dependency: bytes,
        *,
        asking: bytes = b"",
        expression: str = "",
        deadline: timedelta = READ,
    ) -> Judgement:
        """Tell whether an object, given as JSON, is ready: by CEL, else by the rules of kstatus.

        Raises:
            SpecInvalid: the expression does not compile, or yields no bool.
        """
        request = pb.JudgeRequest(
            call=self._call("judge", "", deadline),
            dependency_json=dependency,
            self_json=asking,
            expression=expression,
        )
        reply = await self._calls.unary(lambda stub: stub.Judge, request, deadline)
        return Judgement(reply.ready, reply.why)


def _object(one: ObjectRef) -> pb.ObjectRef:
    return pb.ObjectRef(
        api_version=one.api_version, kind=one.kind, namespace=one.namespace, name=one.name
    )


def _ignored(rule: IgnoreRule) -> pb.IgnoreRule:
    of = rule.target
    return pb.IgnoreRule(
        paths=rule.paths,
        group=of.group,
        version=of.version,
        kind=of.kind,
        name=of.name,
        namespace=of.namespace,
        label_selector=of.label_selector,
        annotation_selector=of.annotation_selector,
    )


def _drift(reply: pb.DriftReply, revision: int) -> Drift:
    return Drift(
        revision=revision,
        found=tuple(map(_divergence, reply.found)),
        looked=reply.looked,
        kinds=reply.kinds,
        objects=reply.objects,
    )


def _divergence(one: pb.Divergence) -> Divergence:
    of = one.object
    return Divergence(
        object=ObjectRef(of.api_version, of.kind, of.namespace, of.name),
        gone=one.gone,
        changes=tuple(map(_change, one.changes)),
        corrected=one.corrected,
        problem=one.problem,
    )


def _change(one: pb.FieldChange) -> FieldChange:
    return FieldChange(one.path, one.desired, one.live, _author(one))


def _author(one: pb.FieldChange) -> Author | None:
    if not one.manager:
        return None
    at = datetime.fromtimestamp(one.at_unix_ms / 1000, UTC) if one.at_unix_ms else None
    return Author(one.manager, one.operation, at, one.subresource)
