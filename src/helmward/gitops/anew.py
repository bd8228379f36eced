"""Deletes an object that is to be made anew, since git changed what is immutable.

Called by `single`, for objects whose annotation asks for it. An object that
could not be made again is not deleted.
"""

import asyncio
import re
import secrets
from typing import Final

from helmward.errors import HelmwardError, Invalid, NotFound, TransientError
from helmward.gitops.cluster import Cluster, resource_of
from helmward.gitops.fields import FIELD_MANAGER
from helmward.gitops.plan import Step
from helmward.gitops.policies import FORCE

GOING: Final = 30.0
"""Seconds to wait until the object is gone."""
_LOOK: Final = 0.05
_NAME: Final = 40
"""Letters of the name that a trial keeps: some kinds allow no more than 63."""
_IMMUTABLE: Final = re.compile(
    r"immutable|may not (be )?change|cannot change|can not be unset|[Ff]orbidden: updates to"
)
"""How the API server says it, kind by kind."""


def is_immutable(error: HelmwardError) -> bool:
    """Whether an object was refused because it exists already with another content."""
    return isinstance(error, Invalid) and bool(_IMMUTABLE.search(str(error)))


def advised(error: Invalid) -> Invalid:
    """Return the error of an immutable field with what to do about it."""
    mended = Invalid(
        f"{error}; to have the object deleted and made anew, annotate it with {FORCE}: enabled"
    )
    mended.causes = error.causes
    return mended


async def try_out(cluster: Cluster, step: Step) -> None:
    """Make sure that the object could be made if it were not there, under another name.

    Raises:
        Invalid: it could not; the message says that nothing was deleted.
    """
    name = f"{step.id.name[:_NAME]}-{secrets.token_hex(4)}"
    trial = {**step.object, "metadata": {**step.object["metadata"], "name": name}}
    try:
        await cluster.apply(
            trial, field_manager=FIELD_MANAGER, force=True, dry_run=True, resource=step.resource
        )
    except Invalid as error:
        raise Invalid(
            f"it is not deleted, as {FORCE} asks, because it could not be made anew: {error}"
        ) from error


async def remove(cluster: Cluster, step: Step, uid: str) -> None:
    """Delete exactly the object with the uid, and wait until it is gone.

    Raises:
        TransientError: its finalizers take their time.
    """
    name, namespace = step.id.name, step.id.namespace or None
    try:
        async with asyncio.timeout(GOING):
            await cluster.delete(
                resource_of(step), name, namespace, uid=uid, propagation="Background"
            )
            while await _is_there(cluster, step, uid):  # noqa: ASYNC110 - a few looks
                await asyncio.sleep(_LOOK)
    except NotFound:
        return
    except TimeoutError:
        raise TransientError(
            f"{step.id} is to be made anew ({FORCE}), but its finalizers still hold it"
        ) from None


async def _is_there(cluster: Cluster, step: Step, uid: str) -> bool:
    name, namespace = step.id.name, step.id.namespace or None
    try:
        live = await cluster.get(resource_of(step), name, namespace, metadata_only=True)
    except NotFound:
        return False
    return bool(live["metadata"].get("uid") == uid)
