"""How the status of a HelmRelease `helm.fluxcd.io/v1` is worded, and what it tells."""

from datetime import datetime
from typing import Any

import msgspec

from helmward.apis.conditions import settled
from helmward.apis.status import filled, told_of
from helmward.apis.v1.fields import StableStatus
from helmward.apis.v1.phases import conditions_of, phase_of
from helmward.model import Account, Stage, Told


def status(account: Account, before: Told, now: datetime) -> tuple[dict[str, Any], Told]:
    """Word an account as this generation's status; conditions keep their times."""
    blank = StableStatus(
        phase=phase_of(account, before),
        release_status=str(account.newest.status) if account.newest else "",
        release_namespace=account.release.namespace,
        rollback_count=0 if account.stage is Stage.READY else account.rollbacks,
    )
    conditions = settled(account, before, conditions_of(account, before))
    written = filled(blank, account, before, now, conditions)
    document: dict[str, Any] = msgspec.to_builtins(written)
    return document, told(written)


def told(written: StableStatus) -> Told:
    """Return what a status tells."""
    return told_of(written, phase=written.phase, release_namespace=written.release_namespace)
