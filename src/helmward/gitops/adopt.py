"""Takes an object over that was applied on the client's side.

Called by `single` before an apply. Which fields change hands is settled in
`takeover`.
"""

from typing import Any, Final

from helmward.errors import Conflict
from helmward.gitops.cluster import Cluster, look_up, resource_of
from helmward.gitops.fields import FIELD_MANAGER
from helmward.gitops.plan import Step
from helmward.gitops.takeover import patch, was_applied_by_client
from helmward.kube.client import JSON_PATCH

_ATTEMPTS: Final = 5
"""How often it is tried while others write the same object."""


async def take_over(cluster: Cluster, step: Step) -> None:
    """Make ours what was applied on the client's side, whoever else writes meanwhile.

    Nothing of the object's content changes; if we go down after this, the
    next apply finds the fields to be ours.

    Raises:
        Conflict: others write it all the time.
    """
    for attempt in range(_ATTEMPTS):
        live = await _with_owners(cluster, step)
        if live is None or not was_applied_by_client(live):
            return
        try:
            await cluster.patch(
                resource_of(step),
                step.id.name,
                step.id.namespace or None,
                patch(live),
                content_type=JSON_PATCH,
                metadata_only=True,
            )
        except Conflict:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


async def _with_owners(cluster: Cluster, step: Step) -> dict[str, Any] | None:
    """Return the live object with its managedFields.

    An object older than those has none until something is applied: here
    nothing but its name is, so that all of it belongs to what came before.
    """
    live = await look_up(cluster, step)
    if live is None or live["metadata"].get("managedFields"):
        return live
    name = {key: live["metadata"][key] for key in ("name", "namespace") if key in live["metadata"]}
    bare = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": name}
    return await cluster.apply(
        bare, field_manager=FIELD_MANAGER, force=True, resource=step.resource
    )
