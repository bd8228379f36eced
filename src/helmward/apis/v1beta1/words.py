"""How the status of a HelmRelease `flux.weave.works/v1beta1` is worded.

Reasons of ChartFetched, Released and RolledBack are those of Helm Operator 0.10.1.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from helmward.apis.conditions import (
    chart_words,
    is_deployed,
    settled,
    stays_in_force,
    told_before,
)
from helmward.apis.status import filled, told_of
from helmward.apis.v1beta1.fields import BetaStatus
from helmward.errors import NameTaken
from helmward.model import Account, Condition, Outcome, Stage, Told


def status(account: Account, before: Told, now: datetime) -> tuple[dict[str, Any], Told]:
    """Word an account as this generation's status; conditions keep their times."""
    newest = account.newest
    blank = BetaStatus(
        release_status=newest.status.upper().replace("-", "_") if newest else "",
        values_checksum=account.values_checksum,
    )
    conditions = settled(account, before, _conditions(account, before))
    written = filled(blank, account, before, now, conditions)
    document: dict[str, Any] = msgspec.to_builtins(written)
    return document, told_of(written)


def _conditions(account: Account, before: Told) -> Iterator[Condition | None]:
    yield _chart_fetched(account)
    yield _released(account)
    yield _rolled_back(account, before)


def _chart_fetched(account: Account) -> Condition | None:
    if account.chart_problem:
        reason = "GitRepoNotCloned" if account.from_git else "RepoFetchFailed"
        return Condition("ChartFetched", "False", reason, account.chart_problem)
    if account.chart is None:
        return None
    reason = "GitRepoCloned" if account.from_git else "RepoChartInCache"
    return Condition("ChartFetched", "True", reason, chart_words(account))


def _released(account: Account) -> Condition:
    if account.stage is Stage.READY:
        return Condition("Released", "True", "HelmSuccess", account.message)
    if account.stage is Stage.WORKING:
        return Condition("Released", "Unknown", account.reason, account.message)
    if account.chart_problem and is_deployed(account):
        return Condition("Released", "True", "HelmSuccess", stays_in_force(account))
    return Condition("Released", "False", _failure(account), account.message)


def _failure(account: Account) -> str:
    """Return the old operator's word: it knew an install that failed, and an upgrade."""
    taken = account.reason == NameTaken.reason
    first = account.newest is None and not taken
    installs = account.action == "install" or (first and account.action != "upgrade")
    return "HelmInstallFailed" if installs else "HelmUpgradeFailed"


def _rolled_back(account: Account, before: Told) -> Condition | None:
    if account.stage is Stage.READY:
        return None
    rolling = account.stage is Stage.WORKING and account.action == "rollback"
    match Outcome.RUNNING if rolling else account.rolled_back:
        case Outcome.RUNNING:
            return Condition("RolledBack", "Unknown", "HelmRollback", account.message)
        case Outcome.PASSED:
            return Condition("RolledBack", "True", "HelmSuccess", account.message)
        case Outcome.FAILED:
            return Condition("RolledBack", "False", "HelmRollbackFailed", account.message)
        case _:
            return told_before(before, "RolledBack")
